package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// tokenEndpoint mints service account tokens as the Kubernetes API server
// does, in the shape of its TokenRequest (authentication.k8s.io/v1), which is
// what «kubectl create token» calls. The defaults are those of EKS's webhook;
// unlike the API server it also makes tokens that are expired already, if
// expirationSeconds is negative.
type tokenEndpoint struct{ fake *secretstest.AWS }

// tokenRequest is the part of a TokenRequest that matters here.
type tokenRequest struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Spec       struct {
		Audiences         []string `json:"audiences"`
		ExpirationSeconds int64    `json:"expirationSeconds"`
	} `json:"spec"`
	Status *tokenStatus `json:"status,omitempty"`
}

type tokenStatus struct {
	Token               string    `json:"token"`
	ExpirationTimestamp time.Time `json:"expirationTimestamp"`
}

// defaultLifetime is what EKS's webhook projects.
const defaultLifetime = 24 * time.Hour

func (e tokenEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body tokenRequest
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&body)
	if err != nil && !errors.Is(err, io.EOF) { // an empty body asks for the defaults
		http.Error(w, "the body is no TokenRequest: "+err.Error(), http.StatusBadRequest)
		return
	}
	spec := &body.Spec
	if spec.ExpirationSeconds == 0 {
		spec.ExpirationSeconds = int64(defaultLifetime / time.Second)
	}
	if len(spec.Audiences) == 0 {
		spec.Audiences = []string{"sts.amazonaws.com"}
	}
	lifetime := time.Duration(spec.ExpirationSeconds) * time.Second
	expiry := time.Now().Add(lifetime)
	token, err := e.fake.Token(credentialstest.TokenRequest{
		Namespace:      r.PathValue("namespace"),
		ServiceAccount: r.PathValue("name"),
		Audience:       spec.Audiences,
		Lifetime:       lifetime,
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	body.APIVersion, body.Kind = "authentication.k8s.io/v1", "TokenRequest"
	body.Status = &tokenStatus{Token: token, ExpirationTimestamp: expiry.UTC().Truncate(time.Second)}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(body) // the client is gone if this fails
}
