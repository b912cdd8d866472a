(function () {
  "use strict";
  var root = document.documentElement, people = document.getElementById("people");
  if (!people) return;
  var all = function (q, in_) { return Array.prototype.slice.call((in_ || document).querySelectorAll(q)); };
  var controls = people.querySelector(".controls"), input = controls.querySelector("input");
  var shown = controls.querySelector(".shown"), none = people.querySelector(".none");
  var pills = all("[data-pill]", controls);
  var lists = all(".list", people).map(function (el) {
    var table = el.querySelector("table");
    return { el: el, table: table, rows: all("tbody", table).map(function (b, i) {
      return { el: b, place: i, status: b.dataset.s, text: b.rows[0].textContent.toLowerCase() };
    }) };
  });
  var total = lists.reduce(function (n, l) { return n + l.rows.length; }, 0);
  var state = { status: [], q: "", sort: -1, down: false };
  var collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  function read() {
    var m = /^#people\?(.*)$/.exec(location.hash);
    if (!m) return false;
    var p = new URLSearchParams(m[1]);
    state.status = (p.get("status") || "").split(",").filter(Boolean);
    state.q = p.get("q") || "";
    state.sort = p.has("sort") ? +p.get("sort") : -1;
    state.down = p.get("dir") === "down";
    return true;
  }
  function store() {
    var p = new URLSearchParams();
    if (state.status.length) p.set("status", state.status.join(","));
    if (state.q) p.set("q", state.q);
    if (state.sort >= 0) { p.set("sort", state.sort); if (state.down) p.set("dir", "down"); }
    var s = p.toString();
    try { history.replaceState(null, "", "#people" + (s ? "?" + s : "")); } catch (e) { /* a viewer that forbids it */ }
  }
  function filter() {
    var words = state.q.toLowerCase().split(/\s+/).filter(Boolean), n = 0;
    lists.forEach(function (l) {
      var here = 0;
      l.rows.forEach(function (r) {
        var ok = (!state.status.length || state.status.indexOf(r.status) >= 0) &&
          words.every(function (w) { return r.text.indexOf(w) >= 0; });
        if (r.el.hidden === ok) r.el.hidden = !ok;
        if (ok) here++;
      });
      l.el.hidden = here === 0;
      l.table.caption.querySelector("span").textContent = here;
      n += here;
    });
    pills.forEach(function (b) {
      var on = b.dataset.pill ? state.status.indexOf(b.dataset.pill) >= 0 : !state.status.length;
      b.setAttribute("aria-pressed", on);
    });
    if (input.value !== state.q) input.value = state.q;
    shown.textContent = n === total ? "" : n + " of " + total + " shown";
    none.hidden = n > 0;
  }
  function key(r, i) {
    var c = r.el.rows[0].cells[i];
    return c.dataset.v !== undefined ? +c.dataset.v : c.textContent;
  }
  function sort() {
    lists.forEach(function (l) {
      all("th[data-sort]", l.table.tHead).forEach(function (th, i) {
        if (i === state.sort) th.setAttribute("aria-sort", state.down ? "descending" : "ascending");
        else th.removeAttribute("aria-sort");
      });
      var rows = l.rows.map(function (r) { return { r: r, k: state.sort < 0 ? r.place : key(r, state.sort) }; });
      rows.sort(function (a, b) {
        var d = typeof a.k === "number" ? a.k - b.k : collator.compare(a.k, b.k);
        return (state.down ? -d : d) || a.r.place - b.r.place;
      });
      var frag = document.createDocumentFragment();
      rows.forEach(function (x) { frag.appendChild(x.r.el); });
      l.table.appendChild(frag);
    });
  }
  function change(sorted) { if (sorted) sort(); filter(); store(); }

  controls.hidden = false;
  people.querySelector(".print").hidden = false;
  pills.forEach(function (b) {
    b.addEventListener("click", function (e) {
      var s = b.dataset.pill, at = state.status.indexOf(s);
      if (!s) state.status = [];
      else if (e.ctrlKey || e.metaKey || e.shiftKey) { if (at < 0) state.status.push(s); else state.status.splice(at, 1); }
      else state.status = at >= 0 && state.status.length === 1 ? [] : [s];
      change();
    });
  });
  var timer = 0;
  input.addEventListener("input", function () {
    clearTimeout(timer);
    timer = setTimeout(function () { state.q = input.value.trim(); change(); }, total > 2000 ? 200 : 40);
  });
  people.querySelector("[data-clear]").addEventListener("click", function () {
    state.status = []; state.q = ""; input.value = ""; change(); input.focus();
  });
  lists.forEach(function (l) {
    all("th[data-sort]", l.table.tHead).forEach(function (th, i) {
      var b = document.createElement("button");
      b.type = "button";
      b.textContent = th.textContent;
      th.textContent = "";
      th.appendChild(b);
      // Chromium does not repeat buttons in the table heads of further sheets, but it does repeat text.
      addEventListener("beforeprint", function () { th.textContent = b.textContent; });
      addEventListener("afterprint", function () { th.textContent = ""; th.appendChild(b); });
      b.addEventListener("click", function () {
        if (state.sort !== i) { state.sort = i; state.down = th.dataset.sort === "number"; }
        else if (state.down === (th.dataset.sort === "number")) state.down = !state.down;
        else { state.sort = -1; state.down = false; }
        change(true);
      });
    });
  });
  all("a[data-filter]").forEach(function (a) {
    a.addEventListener("click", function (e) {
      e.preventDefault();
      state.status = [a.dataset.filter]; state.q = "";
      change();
      people.scrollIntoView();
      var pill = pills.filter(function (b) { return b.dataset.pill === a.dataset.filter; })[0];
      if (pill) pill.focus({ preventScroll: true });
    });
  });
  document.addEventListener("keydown", function (e) {
    if (e.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) && !e.ctrlKey && !e.metaKey && !e.altKey) {
      e.preventDefault(); input.focus();
    } else if (e.key === "Escape" && e.target === input && input.value) {
      e.preventDefault(); input.value = ""; state.q = ""; change();
    }
  });

  all(".commands code").forEach(function (c) {
    var b = document.createElement("button");
    b.type = "button";
    b.textContent = "Copy";
    b.setAttribute("aria-label", "Copy " + c.textContent);
    b.addEventListener("click", function () {
      var done = function () { b.textContent = "Copied"; setTimeout(function () { b.textContent = "Copy"; }, 1600); };
      var select = function () { var s = getSelection(); s.selectAllChildren(c); if (document.execCommand("copy")) done(); };
      if (navigator.clipboard) navigator.clipboard.writeText(c.textContent).then(done, select); else select();
    });
    c.parentNode.appendChild(b);
  });

  all("[data-print]").forEach(function (b) {
    b.addEventListener("click", function () {
      var full = b.dataset.print === "full", opened = [];
      root.classList.add("print-" + b.dataset.print);
      if (full) all("details").forEach(function (d) { if (!d.open) { d.open = true; opened.push(d); } });
      addEventListener("afterprint", function () {
        root.classList.remove("print-" + b.dataset.print);
        opened.forEach(function (d) { d.open = false; });
      }, { once: true });
      print();
    });
  });

  function go() {
    if (read()) { sort(); filter(); people.scrollIntoView(); return; }
    var m = /^#(row-\d+)$/.exec(location.hash), el = m && document.getElementById(m[1]);
    if (!el) return;
    if (el.hidden) { state.status = []; state.q = ""; filter(); el.scrollIntoView(); }
    var d = el.querySelector(".ev details");
    if (d) d.open = true;
  }
  addEventListener("hashchange", go);
  go();
})();
