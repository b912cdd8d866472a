//go:build race

package main

// raced: everything here is slower by a factor of ten.
const raced = true
