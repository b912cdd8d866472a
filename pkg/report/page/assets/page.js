(function () {
  "use strict";
  var root = document.documentElement;
  var all = function (q, in_) { return Array.prototype.slice.call((in_ || document).querySelectorAll(q)); };
  var people, controls, input, shown, none, more, pills, lists, total;
  var state = { status: [], q: "", sort: -1, down: false };
  // A table of thousands of rows freezes the window with every change: of a large wave so many rows are in the page at a
  // time, and a button brings more. The others wait outside of it; search, sort and count know them all.
  var large = 2000, piece = 100, most = piece;
  var collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  function read() {
    var m = /^#people\?(.*)$/.exec(location.hash);
    if (!m) return false;
    var p = new URLSearchParams(m[1]);
    state.status = (p.get("status") || "").split(",").filter(Boolean);
    state.q = p.get("q") || "";
    state.sort = /^[0-4]$/.test(p.get("sort")) ? +p.get("sort") : -1;
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
  function text(r) {
    if (r.text === undefined) r.text = r.el.rows[0].textContent.toLowerCase();
    return r.text;
  }
  // fill puts these rows into a table and takes the others out; its head stays, it may have the focus.
  function fill(l, rows) {
    if (rows.length === l.shown.length && rows.every(function (r, i) { return r === l.shown[i]; })) return;
    var body = document.createRange(), frag = document.createDocumentFragment();
    body.setStartAfter(l.table.tHead);
    body.setEnd(l.table, l.table.childNodes.length);
    body.deleteContents();
    rows.forEach(function (r) { frag.appendChild(r.el); });
    l.table.appendChild(frag);
    l.shown = rows;
  }
  function filter() {
    var words = state.q.toLowerCase().split(/\s+/).filter(Boolean), n = 0;
    var bound = total > large ? most : Infinity, held = 0;
    lists.forEach(function (l) {
      var here = l.order.filter(function (r) {
        return (!state.status.length || state.status.indexOf(r.status) >= 0) &&
          words.every(function (w) { return text(r).indexOf(w) >= 0; });
      });
      fill(l, here.slice(0, bound));
      held += here.length - l.shown.length;
      l.el.hidden = here.length === 0;
      l.table.caption.querySelector("span").textContent = here.length;
      if (l.fold) {
        l.fold.querySelector("summary b").textContent = here.length;
        if ((state.q || state.status.length) && !l.fold.open) l.fold.open = l.opened = true;
        else if (l.opened && !state.q && !state.status.length) l.fold.open = l.opened = false;
      }
      n += here.length;
    });
    pills.forEach(function (b) {
      var on = b.dataset.pill ? state.status.indexOf(b.dataset.pill) >= 0 : !state.status.length;
      b.setAttribute("aria-pressed", on);
    });
    if (input.value !== state.q) input.value = state.q;
    shown.textContent = n === total ? "" : n + " of " + total + " shown";
    none.hidden = n > 0;
    more.hidden = held === 0;
    more.textContent = "Show more: " + held + " are not shown";
  }
  // keys gives what a column is sorted by as numbers: words are compared once only.
  function keys(l, i) {
    if (l.keys[i]) return l.keys[i];
    var values = l.rows.map(function (r) {
      var c = r.el.rows[0].cells[i];
      return c.dataset.v !== undefined ? +c.dataset.v : c.textContent;
    });
    if (typeof values[0] === "string") {
      var rank = new Map();
      Array.from(new Set(values)).sort(collator.compare).forEach(function (v, n) { rank.set(v, n); });
      values = values.map(function (v) { return rank.get(v); });
    }
    return l.keys[i] = values;
  }
  function sort() {
    lists.forEach(function (l) {
      all("th[data-sort]", l.table.tHead).forEach(function (th, i) {
        if (i === state.sort) th.setAttribute("aria-sort", state.down ? "descending" : "ascending");
        else th.removeAttribute("aria-sort");
      });
      l.order = l.rows;
      if (state.sort < 0) return;
      var k = keys(l, state.sort), sign = state.down ? -1 : 1;
      l.order = l.rows.slice().sort(function (a, b) { return sign * (k[a.place] - k[b.place]) || a.place - b.place; });
    });
  }
  function change(sorted) { most = piece; if (sorted) sort(); filter(); store(); }

  var timer = 0, heads = [];
  // bind takes up the page as it stands; a page that follows a run does so after every change.
  function bind() {
    people = document.getElementById("people");
    controls = people.querySelector(".controls");
    input = controls.querySelector("input");
    shown = controls.querySelector(".shown");
    none = people.querySelector(".none");
    more = people.querySelector("[data-more]");
    more.addEventListener("click", function () { most *= 3; filter(); });
    pills = all("[data-pill]", controls);
    lists = all(".list", people).map(function (el) {
      var table = el.querySelector("table");
      var rows = all("tbody", table).map(function (b, i) { return { el: b, place: i, status: b.dataset.s }; });
      return { el: el, fold: el.tagName === "DETAILS" && el, table: table, rows: rows, order: rows, shown: rows, keys: [] };
    });
    total = lists.reduce(function (n, l) { return n + l.rows.length; }, 0);
    heads = [];
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
    input.addEventListener("input", function () {
      clearTimeout(timer);
      timer = setTimeout(function () { state.q = input.value.trim(); change(); }, total > large ? 120 : 40);
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
        heads.push({ th: th, b: b });
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
        var full = b.dataset.print === "full", opened = [], before = most;
        if (full) { most = Infinity; filter(); }
        root.classList.add("print-" + b.dataset.print);
        if (full) all("details").forEach(function (d) { if (!d.open) { d.open = true; opened.push(d); } });
        addEventListener("afterprint", function () {
          root.classList.remove("print-" + b.dataset.print);
          opened.forEach(function (d) { d.open = false; });
          if (full) { most = before; filter(); }
        }, { once: true });
        print();
      });
    });
  }
  // Chromium does not repeat buttons in the table heads of further sheets, but it does repeat text.
  addEventListener("beforeprint", function () { heads.forEach(function (h) { h.th.textContent = h.b.textContent; }); });
  addEventListener("afterprint", function () { heads.forEach(function (h) { h.th.textContent = ""; h.th.appendChild(h.b); }); });
  document.addEventListener("keydown", function (e) {
    if (e.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) && !e.ctrlKey && !e.metaKey && !e.altKey) {
      e.preventDefault(); input.focus();
    } else if (e.key === "Escape" && e.target === input && input.value) {
      e.preventDefault(); input.value = ""; state.q = ""; change();
    }
  });

  function go() {
    if (read()) { sort(); filter(); people.scrollIntoView(); return; }
    var m = /^#(row-\d+)$/.exec(location.hash), row, list;
    if (m) lists.forEach(function (l) { l.rows.forEach(function (r) { if (r.el.id === m[1]) { row = r; list = l; } }); });
    if (!row) return;
    if (!row.el.isConnected) { state.status = []; state.q = ""; filter(); }
    if (!row.el.isConnected) fill(list, list.shown.concat(row));
    if (list.fold) list.fold.open = true;
    location.replace(location.hash); // now there is something to be the target
    var d = row.el.querySelector(".ev details");
    if (d) d.open = true;
  }
  // A page that follows a run takes over each new state in place: what is open, typed or marked stays.
  function take(text) {
    var fresh = new DOMParser().parseFromString(text, "text/html"), main = document.getElementById("main");
    if (!fresh.getElementById("people")) return;
    var name = function (d) { return d.closest("[id]").id + d.querySelector("summary").textContent.replace(/\d/g, ""); };
    var open = {}, y = scrollY, typing = document.activeElement === input && [input.selectionStart, input.selectionEnd, input.value];
    all("details", main).forEach(function (d) { open[name(d)] = d.open; });
    main.replaceWith(document.adoptNode(fresh.getElementById("main")));
    document.title = fresh.title;
    var bar = document.querySelector(".following"), now = fresh.querySelector(".following");
    if (bar && now) bar.replaceWith(document.adoptNode(now)); else if (bar) bar.remove();
    all("#main details").forEach(function (d) { var k = name(d); if (k in open) d.open = open[k]; });
    bind();
    sort();
    filter();
    if (typing) { input.value = typing[2]; input.focus({ preventScroll: true }); input.setSelectionRange(typing[0], typing[1]); }
    scrollTo({ top: y, behavior: "instant" });
  }
  function follow() {
    if (!document.querySelector(".following") || !window.EventSource) return;
    var events = new EventSource("events"), busy = false, again = false, over = false;
    function load() {
      if (busy) { again = true; return; }
      busy = true;
      fetch("", { cache: "no-store" }).then(function (r) { if (!r.ok) throw r.status; return r.text(); }).then(take).catch(function () {}).then(function () {
        busy = false;
        if (again) { again = false; load(); }
      });
    }
    function say(text) { var s = document.querySelector(".following span"); if (s) s.textContent = text; }
    events.addEventListener("change", load);
    events.addEventListener("end", function () { over = true; events.close(); load(); });
    events.onerror = function () { if (!over) say("The connection to wave365 is lost; this is how it stood last."); };
  }
  addEventListener("hashchange", go);
  // Until all is there, the tables of a large wave are not laid out: a table that grows is laid out anew each time.
  root.classList.add("js");
  document.addEventListener("DOMContentLoaded", function () {
    if (!document.getElementById("people")) return;
    bind();
    if (total > large) filter();
    root.classList.add("ready");
    go();
    follow();
  });
})();
