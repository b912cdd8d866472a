package main

func frozenApp() *app { return newApp() }
