package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"strings"
)

const (
	// fileSuffix makes NAME_FILE, the path of a file that holds the value of NAME, as container engines mount secrets.
	// https://docs.docker.com/compose/how-tos/use-secrets/
	fileSuffix = "_FILE"
	// maxSecretFile bounds such a file: keys have some dozen bytes, tokens and certificates a few thousand.
	maxSecretFile = 64 << 10
	// temporalKey is read by Temporal's SDK, which knows no files for it.
	temporalKey = "TEMPORAL_API_KEY"
)

// secretFileError says what is wrong with NAME_FILE. It holds neither the path, which may be the secret itself, put into the
// wrong variable, nor anything of the file.
type secretFileError struct{ message, fix string }

func (e *secretFileError) Error() string { return e.message + "; " + e.fix }

// fromFile is the value of an environment variable: NAME itself or, where only NAME_FILE is set, the content of that file
// without its last line break. Both at once, and a file that cannot be read or holds nothing, are a *secretFileError.
func fromFile(getenv func(string) string, name string) (string, error) {
	value, path := getenv(name), getenv(name+fileSuffix)
	if path == "" {
		return value, nil
	}
	shown, wrong := shownVariable(name), shownVariable(name)+fileSuffix
	if value != "" {
		return "", &secretFileError{shown + " and " + wrong + " are both set", "keep one of them"}
	}
	text, err := readSecret(path)
	if err != nil {
		return "", &secretFileError{wrong + " " + err.Error(), "write the value of " + shown + " into it, readable for the user that the program runs as"}
	}
	return text, nil
}

func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return "", fmt.Errorf("names a file that cannot be read: %w", failed.Err)
	}
	if err != nil {
		return "", errors.New("names a file that cannot be read")
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	switch {
	case errors.As(err, &failed):
		return "", fmt.Errorf("names a file that cannot be read: %w", failed.Err)
	case err != nil:
		return "", errors.New("names a file that cannot be read")
	case len(text) > maxSecretFile:
		return "", fmt.Errorf("names a file of more than %d KiB", maxSecretFile>>10)
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if strings.TrimSpace(value) == "" {
		return "", errors.New("names an empty file")
	}
	return value, nil
}

// withSecretFiles is the environment in which each secret of Env has its value in its own variable. Temporal's key is set for
// the whole process, for the SDK that reads it and for programs that this one starts. What connectors.yaml refers to is read
// with that.
func withSecretFiles(environment map[string]string) (map[string]string, error) {
	getenv := func(name string) string { return environment[name] }
	var problems []error
	read := func(name string) string {
		value, err := fromFile(getenv, name)
		problems = append(problems, err)
		return value
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Env]()) {
		if name := field.Tag.Get("env"); field.Type == reflect.TypeFor[Secret]() || field.Type == reflect.TypeFor[Secrets]() {
			if value := read(name); value != "" {
				environment[name] = value
			}
		}
	}
	if environment[temporalKey+fileSuffix] != "" {
		if value := read(temporalKey); value != "" {
			problems = append(problems, os.Setenv(temporalKey, value), os.Unsetenv(temporalKey+fileSuffix))
		}
	}
	return environment, errors.Join(problems...)
}
