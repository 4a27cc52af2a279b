package manifest_test

import (
	"context"
	"fmt"
	"log"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/manifest"
)

// A SecretProviderClass, to files.
func Example() {
	data := []byte(`
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: {name: orders}
spec:
  provider: aws
  parameters:
    objects: |
      - objectName: shop/orders/db
        objectType: secretsmanager
        objectAlias: db.json
        jmesPath:
          - path: username
            objectAlias: db-user
            filePermission: "0400"
`)
	set, err := manifest.Parse([]manifest.Input{{Name: "orders.yaml", Data: data}}, manifest.Options{Region: "eu-west-1"})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	// In a pod: secrets.New with the aws.Config that Access.Config gives.
	store, err := secrets.NewWithSource(ctx, secrets.Static(map[string]string{
		"shop/orders/db": `{"username": "app", "password": "hunter2"}`,
	}), secrets.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	files, err := set.Outputs[0].Render(ctx, map[string]manifest.Reader{set.Accesses[0].Name: store})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		fmt.Printf("%s/%s %#o %v\n", set.Outputs[0].Name, f.Path, f.Mode, f.Data)
	}
	// Output:
	// orders/db-user 0400 [redacted]
	// orders/db.json 0 [redacted]
}

// Everything that is wrong is said at once, with its place.
func ExampleParse_refused() {
	data := []byte(`apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: orders}
spec:
  secretStoreRef: {name: shop-sm}
  refreshIntervall: 5m
  target:
    template:
      data:
        token: |
          {{ .user }}
          {{ randAlphaNum 32 }}
  data:
    - secretKey: user
      remoteRef: {key: shop/orders/db, version: 7}
`)
	_, err := manifest.Parse([]manifest.Input{{Name: "orders.yaml", Data: data}}, manifest.Options{})
	fmt.Println(err)
	// Output:
	// manifest: orders.yaml:5:26: spec.secretStoreRef.name names the SecretStore shop-sm, which is not among the manifests; give the file that has it, too
	// manifest: orders.yaml:6:3: spec.refreshIntervall is no field of this kind
	// manifest: orders.yaml:12:14: spec.target.template.data.token calls randAlphaNum, which gives something else each time, so that every refresh would be a change
	// manifest: orders.yaml:15:49: spec.data[0].remoteRef.version is 7 without quotes, which is a number in YAML 1.1 and must be text; write "7"
}
