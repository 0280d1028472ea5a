package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// Canonical writes attributes as JSON in the one form that two equal sets share: keys sorted, every number a float, no
// absent (nil) values. Values that went through JSON give the same bytes as fresh ones.
func Canonical(attributes map[string]any) []byte {
	plain := make(map[string]any, len(attributes))
	for name, value := range attributes {
		if v := normal(value); v != nil {
			plain[name] = v
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(plain); err != nil {
		panic(fmt.Sprintf("mapping: canonical form of normal values: %v", err)) // normal leaves only what JSON can hold
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// Equal reports whether Brevo would hold the same after either set.
func Equal(a, b map[string]any) bool {
	return bytes.Equal(Canonical(a), Canonical(b))
}

// normal reduces a value to what JSON decoding into any gives: string, float64, bool, []any, map[string]any or nil.
func normal(value any) any {
	switch v := value.(type) {
	case nil, bool, string:
		return v
	case float64:
		return finite(v)
	case float32:
		return finite(float64(v))
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return finite(f)
	case []string:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = item
		}
		return items
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = normal(item)
		}
		return items
	case map[string]any:
		plain := make(map[string]any, len(v))
		for key, item := range v {
			plain[key] = normal(item)
		}
		return plain
	case time.Time:
		return day(v)
	default:
		return fmt.Sprint(v)
	}
}

// finite drops what JSON cannot hold and the sign of zero.
func finite(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	if f == 0 {
		return 0.0
	}
	return f
}
