package secrets_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log"
	"math/big"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// A value cannot be printed by accident.
func ExampleValue() {
	value := secrets.NewValue([]byte("hunter2"), secrets.Meta{Name: "prod/db", Version: "1"})

	fmt.Printf("%v %q %x %+v\n", value, value, value, struct{ Password secrets.Value }{value})
	text, _ := json.Marshal(map[string]secrets.Value{"password": value})
	fmt.Println(string(text))
	fmt.Println(value.Reveal(), value.Version())
	// Output:
	// [redacted] [redacted] [redacted] {Password:[redacted]}
	// {"password":"[redacted]"}
	// hunter2 1
}

// A secret in JSON as a struct of one's own. A field that is a Value stays out
// of logs.
func ExampleOpen_struct() {
	type Broker struct {
		Username string        `json:"username"`
		Password secrets.Value `json:"password"`
		Port     int           `json:"port"`
	}
	store, _ := exampleStore()
	defer store.Close()

	broker, err := secrets.Open[Broker](context.Background(), store, "prod/db")
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	fmt.Printf("%+v\n", broker.Value())
	// Output:
	// {Username:app Password:[redacted] Port:5432}
}

// A version that does not decode leaves the one before in place.
func ExampleHandle_Err() {
	store, source := exampleStore()
	defer store.Close()
	ctx := context.Background()

	port, err := secrets.Open[int](ctx, store, "prod/db#port")
	if err != nil {
		log.Fatal(err)
	}
	defer port.Close()
	source.Put("prod/db", `{"port": "none"}`)
	if _, err := store.Refresh(ctx, "prod/db"); err != nil {
		log.Fatal(err)
	}
	<-port.Updated()
	fmt.Println(port.Value(), port.Version(), errors.Is(port.Err(), secrets.ErrDecode))
	// Output:
	// 5432 version-1 true
}

// The secrets of Amazon RDS and of AWS's rotation functions.
func ExampleLogin() {
	store, _ := exampleStore()
	defer store.Close()

	db, err := secrets.Open[secrets.Login](context.Background(), store, "prod/db")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	login := db.Value()
	fmt.Println(login.Engine, login.Username, login.Password, login.Addr(), login.DBName)
	// Output:
	// postgres app [redacted] db.example:5432 orders
}

// A server whose certificate follows the secret. A pointer goes straight into
// tls.Config.
func ExampleOpen_certificate() {
	store, source := exampleStore()
	defer store.Close()
	source.Put("prod/tls", exampleBundle("shop.example"))

	cert, err := secrets.Open[*tls.Certificate](context.Background(), store, "prod/tls")
	if err != nil {
		log.Fatal(err)
	}
	defer cert.Close()
	config := &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return cert.Load() },
	}
	served, err := config.GetCertificate(nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(served.Leaf.Subject)
	// Output:
	// CN=shop.example
}

// exampleBundle is a certificate and its key in PEM.
func exampleBundle(name string) string {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		log.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		log.Fatal(err)
	}
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return string(append(bundle, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...))
}
