package dev

// What the tests look at from outside.
var (
	DemoConfig     = demoConfig
	SampleContacts = sampleContacts
	TemporalPart   = temporalPart
	RunCommand     = run
	IsLoopback     = isLoopback
	FindBinary     = findBinary
)
