package manifest_test

import (
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets/manifest"
)

// What is refused although it is common is refused with what to do instead.
func TestAdvice(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ manifest, want string }{
		"access keys": {
			store("      auth: {secretRef: {accessKeyIDSecretRef: {name: a, key: b}}}\n"),
			"leave auth out to use the pod's own identity",
		},
		"the operator's service account": {
			store("      auth: {jwt: {serviceAccountRef: {name: external-secrets, namespace: shop}}}\n"),
			"is external-secrets, and the pod's own service account is orders: no other can be used; leave auth out to use the pod's own identity",
		},
		"service account of the operator's namespace": {
			store("      auth: {jwt: {serviceAccountRef: {name: orders, namespace: external-secrets}}}\n"),
			"is external-secrets, and the pod is in shop: no other can be used; leave auth out to use the pod's own identity",
		},
		"namespaces by label": {
			store("  conditions: [{namespaceSelector: {matchLabels: {a: b}}}]\n"),
			"only the Kubernetes API knows; name them in namespaces or namespaceRegexes",
		},
		"store of another file": {
			strings.Replace(secret(someData), "secretStoreRef: {name: store}", "secretStoreRef: {name: aws, kind: ClusterSecretStore}", 1),
			"names the ClusterSecretStore aws, which is not among the manifests; give the file that has it, too",
		},
		"store of another namespace": {
			strings.ReplaceAll(secret(someData), "name: store}\nspec", "name: store, namespace: bank}\nspec"),
			"names the SecretStore shop/store, which is not among the manifests; there is the SecretStore bank/store",
		},
		"store of another kind": {
			strings.Replace(strings.Replace(secret(someData), "kind: SecretStore", "kind: ClusterSecretStore", 1), "{name: params}", "{name: store, namespace: bank}", 1),
			"names the SecretStore shop/store, which is not among the manifests; there is the ClusterSecretStore store, the SecretStore bank/store",
		},
		"template in a ConfigMap": {
			tmpl("      templateFrom: [{configMap: {name: a, items: [{key: b}]}}]\n"),
			"which only the Kubernetes API has; write them here, in template.data or as literal",
		},
		"template in a Secret": {
			tmpl("      templateFrom: [{secret: {name: a, items: [{key: b}]}}]\n"),
			"which only the Kubernetes API has; write them here, in template.data or as literal",
		},
		"version before the last two": {
			"apiVersion: external-secrets.io/v1alpha1\nkind: ExternalSecret\n",
			`is the version "v1alpha1" of external-secrets.io, which is not supported; v1 and v1beta1 are`,
		},
		"version of the driver": {
			"apiVersion: secrets-store.csi.x-k8s.io/v1alpha1\nkind: SecretProviderClass\n",
			`is the version "v1alpha1" of secrets-store.csi.x-k8s.io, which is not supported; v1 is`,
		},
		"list instead of text": {
			class("    objects:\n      - {objectName: a, objectType: secretsmanager}\n"),
			`spec.parameters.objects is a list and must be text; write "objects: |" above the list`,
		},
		"Region of a variable": {
			strings.Replace(class(""), "eu-west-1", "${AWS_REGION}", 1),
			"spec.parameters.region is no Region of AWS, but has a variable, which must be replaced before",
		},
		"store's Region of a variable": {
			strings.Replace(store(""), "region: eu-west-1", "region: $REGION", 1),
			"spec.provider.aws.region is no Region of AWS, but has a variable, which must be replaced before",
		},
		"no Region": {
			strings.Replace(class(""), "    region: eu-west-1\n", "    pathTranslation: _\n", 1),
			"spec.parameters.region is missing, and the environment has no AWS_REGION: set one of them",
		},
		"values of a chart": {
			"image: {tag: v1}\n",
			"manifest: a.yaml:1:1: has neither apiVersion nor kind, so that it is no object of Kubernetes; leave it out",
		},
		"UTF-16": {"\xff\xfea\x00:\x00", "a.yaml:1:1: is UTF-16; save it as UTF-8"},
		"UTF-16, the other way": {
			"\xfe\xff\x00a\x00:", "a.yaml:1:1: is UTF-16; save it as UTF-8",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := manifest.Options{Namespace: "shop", ServiceAccount: "orders"}
			_, err := manifest.Parse([]manifest.Input{{Name: "a.yaml", Data: []byte(test.manifest)}}, opts)
			if err == nil || !strings.Contains(err.Error()+"\n", test.want+"\n") {
				t.Errorf("%v\nwant …%s", err, test.want)
			}
		})
	}
}
