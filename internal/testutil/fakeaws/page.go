package fakeaws

import (
	"encoding/base64"
	"strconv"
)

// pageOf cuts a page from a list. The token, which holds where the page begins,
// is opaque to clients. It is not ok if the fake did not make it.
func pageOf[T any](list []T, token *string, size int) (page []T, next string, ok bool) {
	start := 0
	if token != nil {
		text, err := base64.StdEncoding.DecodeString(*token)
		if err != nil {
			return nil, "", false
		}
		if start, err = strconv.Atoi(string(text)); err != nil || start < 0 {
			return nil, "", false
		}
	}
	start = min(start, len(list))
	end := min(start+size, len(list))
	if end < len(list) {
		next = base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(end)))
	}
	return list[start:end], next, true
}
