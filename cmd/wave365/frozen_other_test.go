//go:build !linux

package main

func frozenApp() *app { return newApp() }
