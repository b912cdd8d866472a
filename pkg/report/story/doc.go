// Package story turns the recorded facts of a run into what people want to know: who has a Cloud PC and who has not,
// why in plain words, whose move it is, and what happened when. Everything here is a value or a pure function of an
// [Account]; it writes no file and knows neither HTML nor CSV.
package story
