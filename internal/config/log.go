package config

import (
	"io"
	"log/slog"
)

// LogLevel is the log_level of a connector.
type LogLevel string

// The levels, from the quietest.
const (
	LevelError   LogLevel = "error"
	LevelWarn    LogLevel = "warn"
	LevelInfo    LogLevel = "info"
	LevelVerbose LogLevel = "verbose"
	LevelDebug   LogLevel = "debug"
)

// SlogVerbose lies between slog's info (0) and debug (-4).
const SlogVerbose = slog.Level(-2)

// Log formats of NewLogger and LOG_FORMAT.
const (
	LogText = "text"
	LogJSON = "json"
)

func logLevels() []string {
	return []string{string(LevelError), string(LevelWarn), string(LevelInfo), string(LevelVerbose), string(LevelDebug)}
}

// Level is the slog level; an unknown word counts as info.
func (l LogLevel) Level() slog.Level {
	switch l {
	case LevelError:
		return slog.LevelError
	case LevelWarn:
		return slog.LevelWarn
	case LevelVerbose:
		return SlogVerbose
	case LevelDebug:
		return slog.LevelDebug
	default:
		return slog.LevelInfo
	}
}

// NewLogger writes records of the level and above to w, as JSON when the format is LogJSON, else as text. A record at
// SlogVerbose is shown as VERBOSE.
//
// What is no plain value, such as a user or a contact, is not written but named by its type, and so are e-mail addresses
// inside of texts. A Secret redacts itself.
func NewLogger(w io.Writer, format string, level LogLevel) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr {
		return redact(nameVerbose(groups, attr))
	}}
	if format == LogJSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

func nameVerbose(groups []string, attr slog.Attr) slog.Attr {
	if len(groups) == 0 && attr.Key == slog.LevelKey {
		if level, ok := attr.Value.Any().(slog.Level); ok && level == SlogVerbose {
			return slog.String(slog.LevelKey, "VERBOSE")
		}
	}
	return attr
}
