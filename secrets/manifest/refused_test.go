package manifest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/manifest"
)

// The frames of manifests with one wrong line, which ends in "#!"; several are
// several errors.
const (
	classFrame = `apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: {name: class}
spec:
  provider: aws
  parameters:
    region: eu-west-1
%s`
	objectFrame = `apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: {name: class}
spec:
  provider: aws
  parameters:
    region: eu-west-1
    failoverRegion: eu-central-1
    objects: |
%s`
	storeFrame = `apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: store}
spec:
  provider:
    aws:
      service: SecretsManager
      region: eu-west-1
%s`
	secretFrame = `apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: store}
spec: {provider: {aws: {service: SecretsManager, region: eu-west-1}}}
---
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: params}
spec: {provider: {aws: {service: ParameterStore, region: eu-west-1}}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: secret}
spec:
  secretStoreRef: {name: store}
%s`
	// betaFrame is secretFrame in the old version.
	betaFrame = `apiVersion: external-secrets.io/v1beta1
kind: SecretStore
metadata: {name: store}
spec: {provider: {aws: {service: SecretsManager, region: eu-west-1, role: "arn:aws:iam::111122223333:role/r"%s}}} #!
---
apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata: {name: secret}
spec:
  secretStoreRef: {name: store}
%s`
	someData = "  data: [{secretKey: k, remoteRef: {key: k}}]\n"
)

func class(text string) string  { return fmt.Sprintf(classFrame, text) }
func object(text string) string { return fmt.Sprintf(objectFrame, text) }
func store(text string) string  { return fmt.Sprintf(storeFrame, text) }
func secret(text string) string { return fmt.Sprintf(secretFrame, text) }

// beta has its marker in the text only.
func beta(text string) string {
	return strings.Replace(fmt.Sprintf(betaFrame, "", text), " #!", "", 1)
}

// from is an entry of dataFrom with the given text after its first line.
func from(text string) string { return secret("  dataFrom:\n    - extract: {key: k}\n" + text) }

// target is an ExternalSecret with text in its target.
func target(text string) string { return secret(someData + "  target:\n" + text) }

// tmpl is an ExternalSecret with a template.
func tmpl(text string) string { return target("    template:\n" + text) }

func TestRefused(t *testing.T) {
	t.Parallel()
	// The path, and a part of the problem; several with " && " between.
	tests := map[string]struct{ manifest, want string }{
		"not YAML":                   {"a: [1\n", `is not YAML`},
		"tab":                        {"a: b\n\tc: d #!\n", "is not YAML"},
		"control character":          {"a: b\nc: \x01 #!\n", "has a character that YAML does not allow"},
		"not UTF-8":                  {"a: \xff #!\n", "has a character that YAML does not allow"},
		"directive":                  {"%TAG ! tag:x #!\n---\na: b\n", "directive"},
		"scalar document":            {"text #!\n", "is text and must be a map"},
		"list document":              {"- a #!\n", "is a list and must be a map"},
		"duplicate key":              {"a: 1\nb: 2\na: 3 #!\n", `has the key "a" twice, first in line 1`},
		"duplicate inner key":        {"a:\n  b: 1\n  b: 2 #!\n", `has the key "b" twice, first in line 2`},
		"unknown alias":              {"a: *b #!\n", `is an alias of "b", which is no anchor before it`},
		"alias of itself":            {"a: &b [*b] #!\n", `is an alias of "b"`},
		"tag":                        {"a: !!binary aGk= #!\n", "has the tag !!binary"},
		"tag of text on a map":       {"a: !!str {b: c} #!\n", ""},
		"merge of text":              {"<<: a #!\n", `is merged by "<<" and is no map`},
		"colon without space":        {"a: {b:c} #!\n", "has a colon without a space behind it"},
		"colon at the end":           {"a: {b:} #!\n", "has a colon without a space behind it"},
		"complex key":                {"? [a]\n: b #!\n", ""},
		"no apiVersion":              {"kind: SecretStore #!\n", "apiVersion is missing"},
		"no kind":                    {"apiVersion: external-secrets.io/v1 #!\n", "kind is missing"},
		"no metadata":                {"apiVersion: external-secrets.io/v1 #!\nkind: SecretStore\n", "metadata is missing"},
		"no name":                    {"apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: {generateName: a} #!\n", "metadata.name is missing"},
		"name of many words":         {"apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: {name: a/../b} #!\nspec: {provider: {aws: {service: SecretsManager, region: eu-west-1}}}\n", "metadata.name is no name"},
		"no spec":                    {"apiVersion: external-secrets.io/v1 #!\nkind: SecretStore\nmetadata: {name: a}\n", "spec is missing"},
		"no spec of a class":         {"apiVersion: secrets-store.csi.x-k8s.io/v1 #!\nkind: SecretProviderClass\nmetadata: {name: a}\n", "spec is missing"},
		"no spec of a secret":        {"apiVersion: external-secrets.io/v1 #!\nkind: ExternalSecret\nmetadata: {name: a}\n", "spec is missing"},
		"class of a store's version": {"apiVersion: secrets-store.csi.x-k8s.io/v1beta1 #!\nkind: SecretProviderClass\n", `apiVersion is the version "v1beta1"`},
		"old class":                  {"apiVersion: secrets-store.csi.x-k8s.io/v1alpha1 #!\nkind: SecretProviderClass\n", `apiVersion is the version "v1alpha1"`},
		"ClusterExternalSecret": {
			"apiVersion: external-secrets.io/v1\nkind: ClusterExternalSecret #!\nmetadata: {name: a}\n",
			`kind is "ClusterExternalSecret", which is not supported; of external-secrets.io`,
		},
		"kind in small letters":    {"apiVersion: external-secrets.io/v1\nkind: externalsecret #!\n", `kind is "externalsecret", which is not supported; of external-secrets.io SecretStore, ClusterSecretStore and ExternalSecret are`},
		"kind of the plural":       {"apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClasses #!\n", "of secrets-store.csi.x-k8s.io SecretProviderClass is"},
		"group of the predecessor": {"apiVersion: kubernetes-client.io/v1 #!\nkind: ExternalSecret\nmetadata: {name: a}\n", `apiVersion is of the group "kubernetes-client.io", and ExternalSecret of external-secrets.io is supported`},
		"group, misspelt":          {"apiVersion: secrets-store.csi.k8s.io/v1 #!\nkind: SecretProviderClass\n", "and SecretProviderClass of secrets-store.csi.x-k8s.io is supported"},
		"no group":                 {"apiVersion: v1 #!\nkind: SecretStore\n", `apiVersion is of the group "", and SecretStore of external-secrets.io is supported`},
		"no version":               {"apiVersion: external-secrets.io #!\nkind: ClusterSecretStore\n", "and ClusterSecretStore of external-secrets.io is supported"},
		"list, misspelt":           {"apiVersion: v1\nkind: List\nitmes: [] #!\n", "itmes is no field"},
		"list in a list":           {"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List #!\n  items: []\n", "items[0].kind is List within a List"},
		"list of nothing":          {"apiVersion: v1\nkind: List\nitems: {} #!\n", "items is a map and must be a list"},
		"long name":                {"apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: " + strings.Repeat("a", 254) + "} #!\nspec:\n" + "  data: [{secretKey: k, remoteRef: {key: k}, sourceRef: {storeRef: {name: a}}}] #!\n", "metadata.name is no name && names the SecretStore shop/a"},
		"cluster's store twice": {
			"apiVersion: external-secrets.io/v1\nkind: ClusterSecretStore\nmetadata: {name: a, namespace: shop}\nspec: {provider: {aws: {service: SecretsManager, region: eu-west-1}}}\n---\napiVersion: external-secrets.io/v1 #!\nkind: ClusterSecretStore\nmetadata: {name: a, namespace: bank}\nspec: {provider: {aws: {service: SecretsManager, region: us-east-1}}}\n",
			"is the second ClusterSecretStore of the name a",
		},
		"PushSecret": {"apiVersion: external-secrets.io/v1alpha1\nkind: PushSecret #!\n", `kind is "PushSecret", which is not supported; of external-secrets.io`},
		"generator":  {"apiVersion: generators.external-secrets.io/v1alpha1\nkind: Password #!\n", `kind is "Password", which takes a controller in the cluster`},
		"second of a name": {
			secret(someData) + "---\napiVersion: external-secrets.io/v1 #!\nkind: SecretStore\nmetadata: {name: store}\n",
			"is the second SecretStore of the name store; the first is at a.yaml:1:1",
		},
		"second output": {
			"apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata: {name: secret}\nspec: {provider: aws, parameters: {region: eu-west-1}}\n---\n" +
				strings.Replace(secret(someData), "apiVersion: external-secrets.io/v1\nkind: ExternalSecret", "apiVersion: external-secrets.io/v1 #!\nkind: ExternalSecret", 1),
			"is a second output of the name secret",
		},

		"other provider":         {"apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata: {name: a}\nspec:\n  provider: vault #!\n  parameters: {}\n", `spec.provider is "vault"; only aws`},
		"no parameters":          {"apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata: {name: a}\nspec: {provider: aws} #!\n", "spec.parameters is missing"},
		"no region":              {"apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata: {name: a}\nspec: {provider: aws, parameters: {}} #!\n", "spec.parameters.region is missing, and the environment"},
		"no region, an ARN":      {"apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata: {name: a}\nspec:\n  provider: aws\n  parameters:\n    objects: | #!\n      - objectName: arn:aws:secretsmanager:eu-west-1:111122223333:secret:a\n        objectAlias: a\n", "region is missing"},
		"bad region":             {strings.Replace(class(""), "eu-west-1", "europe #!", 1), "spec.parameters.region is no Region"},
		"two failover regions":   {class("    failoverRegion: eu-west-2,eu-west-3 #!\n"), "spec.parameters.failoverRegion is no Region of AWS; there can be one"},
		"same failover region":   {class("    failoverRegion: eu-west-1 #!\n"), "spec.parameters.failoverRegion is the same"},
		"translation of two":     {class("    pathTranslation: __ #!\n"), "spec.parameters.pathTranslation is neither False nor one character"},
		"translation to a slash": {class("    pathTranslation: / #!\n"), "spec.parameters.pathTranslation"},
		"translation a boolean":  {class("    pathTranslation: False #!\n"), `spec.parameters.pathTranslation is False without quotes, which is a boolean in YAML 1.1 and must be text; write "False"`},
		"pod identity":           {class("    usePodIdentity: maybe\x20#!\n"), "spec.parameters.usePodIdentity is neither true nor false"},
		"pod identity unquoted":  {class("    usePodIdentity: true #!\n"), "spec.parameters.usePodIdentity is true without quotes"},
		"unknown parameter":      {class("    regoin: eu-west-1 #!\n"), "spec.parameters.regoin is no field"},
		"unknown field of spec":  {class("  secretobjects: [] #!\n"), "spec.secretobjects is no field"},
		"unknown top field":      {class("specs: {} #!\n"), "specs is no field"},
		"objects no list":        {class("    objects: 'a: b' #!\n"), "spec.parameters.objects is not one list"},
		"objects a real list":    {class("    objects:\n      - {objectName: a} #!\n"), "spec.parameters.objects is a list and must be text"},
		"objects not YAML":       {object("      - objectName: a\n        b: [ #!\n"), "spec.parameters.objects is not YAML"},
		"objects, text":          {object("      - a #!\n"), "spec.parameters.objects[0] is text and must be a map"},
		"objectName missing":     {object("      - objectType: secretsmanager #!\n"), "spec.parameters.objects[0].objectName is missing"},
		"objectType missing":     {object("      - objectName: a #!\n"), "spec.parameters.objects[0].objectType is missing; only an ARN"},
		"objectType ssm":         {object("      - objectName: a\n        objectType: ssm #!\n"), `spec.parameters.objects[0].objectType is "ssm"; it may be secretsmanager or ssmparameter`},
		"objectType of length":   {object("      - objectName: a\n        objectType: " + strings.Repeat("a", 100) + " #!\n"), `objectType is "` + strings.Repeat("a", 60) + `…"; it may`},
		"objectType of an ARN":   {object("      - objectName: arn:aws:ssm:eu-west-1:111122223333:parameter/a #!\n        objectType: secretsmanager\n        objectAlias: a\n"), "service is ssm and the scheme's is secretsmanager"},
		"ARN of KMS":             {object("      - objectName: arn:aws:kms:eu-west-1:111122223333:key/a #!\n        objectAlias: a\n"), "service is kms"},
		"ARN of another Region":  {object("      - objectName: arn:aws:secretsmanager:us-east-1:111122223333:secret:a #!\n        objectAlias: a\n"), "spec.parameters.objects[0].objectName is of the Region us-east-1 and must be of eu-west-1"},
		"name with a query":      {object("      - objectName: a?role_arn=b #!\n        objectType: secretsmanager\n"), "is neither the name nor the ARN"},
		"name with a fragment":   {object("      - objectName: 'a#b' #!\n        objectType: secretsmanager\n"), "is neither the name nor the ARN"},
		"name with a percentage": {object("      - objectName: a%3Fb #!\n        objectType: secretsmanager\n"), "is neither the name nor the ARN"},
		"name with a colon":      {object("      - objectName: a:b #!\n        objectType: secretsmanager\n"), `it holds ":"`},
		"alias a boolean":        {object("      - objectName: a\n        objectType: secretsmanager\n        objectAlias: y #!\n"), `spec.parameters.objects[0].objectAlias is y without quotes, which is a boolean in YAML 1.1 and must be text; write "y"`},
		"alias an octal":         {object("      - objectName: a\n        objectType: secretsmanager\n        objectAlias: 010 #!\n"), `objectAlias is 010 without quotes, which is a number`},
		"permission unquoted":    {object("      - objectName: a\n        objectType: secretsmanager\n        filePermission: 0400 #!\n"), `spec.parameters.objects[0].filePermission is 0400 without quotes, which is a number in YAML 1.1 and must be text; write "0400"`},
		"permission of three":    {object("      - objectName: a\n        objectType: secretsmanager\n        filePermission: '400' #!\n"), "filePermission is not four digits"},
		"permission of no octal": {object("      - objectName: a\n        objectType: secretsmanager\n        filePermission: '0800' #!\n"), "filePermission is not four digits"},
		"permission for nobody":  {object("      - objectName: a\n        objectType: secretsmanager\n        filePermission: '0000' #!\n"), "filePermission lets nobody read the file"},
		"permission of a part":   {object("      - objectName: a\n        objectType: secretsmanager\n        jmesPath:\n          - {path: b, objectAlias: b, filePermission: '0000'} #!\n"), "jmesPath[0].filePermission lets nobody read the file"},
		"permission setuid":      {object("      - objectName: a\n        objectType: secretsmanager\n        filePermission: '4755' #!\n"), "filePermission sets the set-user-id"},
		"unknown in an object":   {object("      - objectName: a\n        objectType: secretsmanager\n        objectEncoding: base64 #!\n"), "spec.parameters.objects[0].objectEncoding is no field"},
		"key twice in two cases": {object("      - objectName: a\n        objectType: secretsmanager\n        OBJECTNAME: b #!\n"), "is given twice: the case of letters does not count"},
		"two versions of one":    {object("      - objectName: /a\n        objectType: ssmparameter\n        objectVersion: 1\n        objectVersionLabel: b #!\n"), "objectVersionLabel is given beside objectVersion"},
		"version in the name":    {object("      - objectName: /a:1 #!\n        objectType: ssmparameter\n        objectVersion: 2\n        objectAlias: a\n"), "objectName has a version"},
		"bad version":            {object("      - objectName: a\n        objectType: secretsmanager\n        objectVersion: short #!\n"), "objectVersion cannot be used"},
		"bad label":              {object("      - objectName: /a\n        objectType: ssmparameter\n        objectVersionLabel: 'a b' #!\n"), "objectVersionLabel cannot be used"},
		"alias up":               {object("      - objectName: a\n        objectType: secretsmanager\n        objectAlias: .. #!\n"), `objectAlias has a name that begins with ".."`},
		"alias of the writer":    {object("      - objectName: a\n        objectType: secretsmanager\n        objectAlias: ..data #!\n"), `objectAlias has a name that begins with ".."`},
		"alias with a newline":   {object("      - objectName: a\n        objectType: secretsmanager\n        objectAlias: \"a\\nb\" #!\n"), "objectAlias has control characters"},
		"alias with a null":      {object("      - objectName: a\n        objectType: secretsmanager\n        objectAlias: \"a\\0b\" #!\n"), "objectAlias has control characters"},
		"alias too long":         {object("      - objectName: a\n        objectType: secretsmanager\n        objectAlias: " + strings.Repeat("a", 256) + " #!\n"), "objectAlias has a name of more than 255 bytes"},
		"name too long a file":   {object("      - objectName: " + strings.Repeat("a/", 140) + "b #!\n        objectType: secretsmanager\n"), "objectName has a name of more than 255 bytes"},
		"alias twice":            {object("      - {objectName: a, objectType: secretsmanager, objectAlias: f}\n      - objectName: b\n        objectType: secretsmanager\n        objectAlias: f #!\n"), "spec.parameters.objects[1].objectAlias gives the file f a second time, after spec.parameters.objects[0].objectAlias"},
		"same after translation": {object("      - {objectName: a/b, objectType: secretsmanager}\n      - objectName: a_b #!\n        objectType: secretsmanager\n"), "spec.parameters.objects[1].objectName gives the file a_b a second time"},
		"name under two labels":  {object("      - {objectName: a, objectType: secretsmanager}\n      - objectName: a #!\n        objectType: secretsmanager\n        objectVersionLabel: AWSPREVIOUS\n"), "spec.parameters.objects[1].objectName gives the file a a second time"},
		"file and directory":     {class("    pathTranslation: 'false'\n    objects: |\n      - {objectName: a, objectType: secretsmanager}\n      - objectName: a/b #!\n        objectType: secretsmanager\n"), "needs as a directory"},
		"escape by alias":        {class("    pathTranslation: 'false'\n    objects: |\n      - objectName: a\n        objectType: secretsmanager\n        objectAlias: a/../../b #!\n"), "objectAlias is no path of a file below a directory"},
		"escape by jmesPath":     {class("    pathTranslation: 'false'\n    objects: |\n      - objectName: a\n        objectType: secretsmanager\n        jmesPath:\n          - path: a\n            objectAlias: ../../etc/cron.d/x #!\n"), "spec.parameters.objects[0].jmesPath[0].objectAlias has a name that begins with"},
		"jmesPath alias twice":   {object("      - objectName: a\n        objectType: secretsmanager\n        jmesPath:\n          - {path: a, objectAlias: f}\n          - path: b\n            objectAlias: f #!\n"), "spec.parameters.objects[0].jmesPath[1].objectAlias gives the file f a second time"},
		"jmesPath of the object": {object("      - objectName: a\n        objectType: secretsmanager\n        jmesPath:\n          - path: b\n            objectAlias: a #!\n"), "gives the file a a second time"},
		"jmesPath no path":       {object("      - objectName: a\n        objectType: secretsmanager\n        jmesPath:\n          - objectAlias: f #!\n"), "jmesPath[0].path is missing"},
		"jmesPath no alias":      {object("      - objectName: a\n        objectType: secretsmanager\n        jmesPath:\n          - path: f #!\n"), "jmesPath[0].objectAlias is missing"},
		"jmesPath with a hyphen": {object("      - objectName: a\n        objectType: secretsmanager\n        jmesPath:\n          - path: pass-word #!\n            objectAlias: f\n"), "jmesPath[0].path is no expression of JMESPath; a name with other characters"},
		"jmesPath, too long":     {object("      - objectName: a\n        objectType: secretsmanager\n        jmesPath:\n          - path: " + strings.Repeat("a", 600) + " #!\n            objectAlias: f\n"), "jmesPath[0].path is too long"},
		"jmesPath bomb":          {object("      - objectName: a\n        objectType: secretsmanager\n        jmesPath:\n          - path: to_string(" + strings.Repeat("[@,@]|", 20) + "@) #!\n            objectAlias: f\n"), "jmesPath[0].path has more than eight commas"},
		"jmesPath, nine commas":  {object("      - objectName: a\n        objectType: secretsmanager\n        jmesPath:\n          - path: '[a,a,a,a,a,a,a,a,a,a]' #!\n            objectAlias: f\n"), "jmesPath[0].path has more than eight commas"},
		"jmesPath, to_string":    {object("      - objectName: a\n        objectType: secretsmanager\n        jmesPath:\n          - path: to_string(to_string(to_string(@))) #!\n            objectAlias: f\n"), "jmesPath[0].path has more than eight commas"},
		"jmesPath unknown field": {object("      - objectName: a\n        objectType: secretsmanager\n        jmesPath:\n          - {path: a, objectAlias: f, encoding: x} #!\n"), "jmesPath[0].encoding is no field"},
		"failover, no alias":     {object("      - objectName: a #!\n        objectType: secretsmanager\n        failoverObject: {objectName: b}\n"), "objectAlias is missing, which an object with failoverObject needs"},
		"failover, no region":    {class("    objects: |\n      - objectName: a\n        objectType: secretsmanager\n        objectAlias: b\n        failoverObject: {objectName: b} #!\n"), "failoverObject is given without failoverRegion"},
		"failover, other version": {
			object("      - objectName: a\n        objectType: secretsmanager\n        objectAlias: b\n        failoverObject:\n          objectName: b\n          objectVersion: 0a1b2c3d-0000-4000-8000-000000000001 #!\n"),
			"failoverObject.objectVersion is not that of the object",
		},
		"failover, other Region": {
			object("      - objectName: a\n        objectType: secretsmanager\n        objectAlias: b\n        failoverObject:\n          objectName: arn:aws:secretsmanager:eu-west-1:111122223333:secret:a #!\n"),
			"failoverObject.objectName is of the Region eu-west-1 and must be of eu-central-1",
		},
		"all errors at once": {
			object("      - objectName: a\n        objectType: ssm #!\n        filePermission: '9' #!\n      - objectType: secretsmanager #!\n        colour: red #!\n"),
			"objectType && filePermission && objects[1].objectName && objects[1].colour",
		},

		"two providers":            {store("    vault: {} #!\n"), "spec.provider.vault is another provider than aws"},
		"no provider":              {"apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: {name: a}\nspec: {controller: a} #!\n", "spec.provider is missing"},
		"empty provider":           {"apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: {name: a}\nspec: {provider: {}} #!\n", "spec.provider.aws is missing"},
		"service of certificates":  {strings.Replace(store(""), "service: SecretsManager", "service: CertificateManager #!", 1), `spec.provider.aws.service is "CertificateManager"; only`},
		"service, no":              {"apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: {name: a}\nspec: {provider: {aws: {region: eu-west-1}}} #!\n", "spec.provider.aws.service is missing"},
		"region, no":               {"apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: {name: a}\nspec: {provider: {aws: {service: ParameterStore}}} #!\n", "spec.provider.aws.region is missing"},
		"region of nowhere":        {strings.Replace(store(""), "region: eu-west-1", "region: nowhere #!", 1), "spec.provider.aws.region is no Region"},
		"access keys":              {store("      auth:\n        secretRef: {accessKeyIDSecretRef: {name: a, key: b}} #!\n"), "spec.provider.aws.auth.secretRef takes access keys"},
		"jwt of nobody":            {store("      auth: {jwt: {}} #!\n"), "spec.provider.aws.auth.jwt.serviceAccountRef is missing"},
		"jwt of somebody else":     {store("      auth: {jwt: {serviceAccountRef: {name: other, namespace: shop}}} #!\n"), "serviceAccountRef.name is other, and the pod's own service account is orders"},
		"jwt of another namespace": {store("      auth: {jwt: {serviceAccountRef: {name: orders, namespace: bank}}} #!\n"), "serviceAccountRef.namespace is bank, and the pod is in shop"},
		"unknown auth":             {store("      auth: {podIdentity: {}} #!\n"), "spec.provider.aws.auth.podIdentity is no field"},
		"role of no ARN":           {store("      role: shop-reader #!\n"), "spec.provider.aws.role is not the ARN of a role"},
		"additional role, a user":  {store("      additionalRoles: ['arn:aws:iam::111122223333:user/a'] #!\n"), "spec.provider.aws.additionalRoles[0] is not the ARN of a role"},
		"external id":              {store("      role: arn:aws:iam::111122223333:role/a\n      externalID: 'a b' #!\n"), "spec.provider.aws.externalID is no external id"},
		"session tag twice":        {store("      sessionTags:\n        - {key: a, value: b}\n        - {key: a, value: c} #!\n"), "spec.provider.aws.sessionTags[1].key is given twice"},
		"transitive, no tag":       {store("      role: arn:aws:iam::111122223333:role/a\n      transitiveTagKeys: [a] #!\n"), `spec.provider.aws.transitiveTagKeys has "a", which is no tag`},
		"tags policy":              {store("      sessionTagsPolicy: Some #!\n"), `spec.provider.aws.sessionTagsPolicy is "Some"; it may be None, Simple, Custom`},
		"tags of the policy":       {store("      customSessionTags: {esoNamespace: a} #!\n"), "spec.provider.aws.customSessionTags has esoNamespace"},
		"namespace by labels":      {store("  conditions:\n    - namespaceSelector: {matchLabels: {a: b}} #!\n"), "spec.conditions[0].namespaceSelector takes the labels"},
		"namespace by no regexp":   {store("  conditions:\n    - namespaceRegexes: ['('] #!\n"), "spec.conditions[0].namespaceRegexes[0] is no regular expression of RE2: missing closing )"},
		"attempts":                 {store("  retrySettings: {maxRetries: 0} #!\n"), "spec.retrySettings.maxRetries is the number of attempts"},
		"attempts, text":           {store("  retrySettings: {maxRetries: '3'} #!\n"), "spec.retrySettings.maxRetries is not a whole number"},
		"attempts, when":           {store("  retrySettings: {retryInterval: soon} #!\n"), "spec.retrySettings.retryInterval is not a duration"},
		"attempts, when, number":   {store("  retrySettings: {retryInterval: 2} #!\n"), "spec.retrySettings.retryInterval is not a duration"},
		"attempts, too far":        {store("  retrySettings: {retryInterval: 2h} #!\n"), "spec.retrySettings.retryInterval is more than a minute"},
		"store not among them":     {strings.Replace(secret(someData), "{name: store}\n  data", "{name: other} #!\n  data", 1), "spec.secretStoreRef.name names the SecretStore shop/other, which is not among"},
		"store elsewhere": {
			strings.Replace(strings.Replace(secret(someData), "{name: store}\nspec: {prov", "{name: store, namespace: bank}\nspec: {prov", 1), "{name: store}\n  data", "{name: store} #!\n  data", 1),
			"spec.secretStoreRef.name names the SecretStore shop/store, which is not among the manifests",
		},
		"store of another kind": {strings.Replace(secret(someData), "{name: store}\n  data", "{name: store, kind: ClusterSecretStore} #!\n  data", 1), "names the ClusterSecretStore store, which is not"},
		"store not for everybody": {
			store("  conditions: [{namespaces: [bank]}]\n") + "---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: a}\nspec:\n  secretStoreRef: {kind: ClusterSecretStore, name: store} #!\n" + someData,
			"spec.secretStoreRef.name names the ClusterSecretStore store, which has conditions that do not let the namespace shop use it",
		},
		"broken store, once":  {strings.Replace(secret(someData), "service: SecretsManager, region: eu-west-1}}}\n---", "service: SecretsManager, region: nowhere}}} #!\n---", 1), "region is no Region"},
		"no store":            {"apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: a}\nspec:\n  data:\n    - {secretKey: k, remoteRef: {key: k}} #!\n", "spec.data[0] has no store"},
		"nothing to fetch":    {"apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: a}\nspec:\n  refreshInterval: 1h #!\n", "spec has neither data nor dataFrom"},
		"nothing in lists":    {"apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: a}\nspec: {data: [], dataFrom: []} #!\n", "spec has neither data nor dataFrom"},
		"nothing in a list":   {secret("  data: []\n"), "spec has neither data nor dataFrom"},
		"refresh at once":     {secret(someData + "  refreshInterval: 10ms #!\n"), "spec.refreshInterval is less than a second"},
		"refresh policy":      {secret(someData + "  refreshPolicy: Sometimes #!\n"), `spec.refreshPolicy is "Sometimes"`},
		"refresh interval":    {secret(someData + "  refreshInterval: 3600 #!\n"), "spec.refreshInterval is not a duration"},
		"refresh, number":     {secret(someData + "  refreshInterval: 0 #!\n"), "spec.refreshInterval is not a duration"},
		"refresh backwards":   {secret(someData + "  refreshInterval: -1h #!\n"), "spec.refreshInterval is negative"},
		"window kind":         {secret(someData + "  syncWindows:\n    kind: maybe #!\n    windows: [{schedule: '@daily', duration: 1h}]\n"), `spec.syncWindows.kind is "maybe"`},
		"window schedule":     {secret(someData + "  syncWindows:\n    kind: allow\n    windows: [{schedule: '* * * *', duration: 1h}] #!\n"), "spec.syncWindows.windows[0].schedule is no schedule"},
		"window hour":         {secret(someData + "  syncWindows:\n    kind: allow\n    windows: [{schedule: '0 24 * * *', duration: 1h}] #!\n"), "schedule has a field that is not understood, that of the hour"},
		"window, seconds":     {secret(someData + "  syncWindows:\n    kind: allow\n    windows: [{schedule: '@daily', duration: 59s}] #!\n"), "windows[0].duration is not from a minute to a week"},
		"window, 8 days":      {secret(someData + "  syncWindows:\n    kind: allow\n    windows: [{schedule: '@daily', duration: 192h}] #!\n"), "windows[0].duration is not from a minute to a week"},
		"window, no duration": {secret(someData + "  syncWindows:\n    kind: allow\n    windows: [{schedule: '@daily'}] #!\n"), "windows[0].duration is missing"},
		"window, a month":     {secret(someData + "  syncWindows:\n    kind: allow\n    windows: [{schedule: '@daily', duration: 800h}] #!\n"), "windows[0].duration is not from a minute to a week"},
		"windows, none":       {secret(someData + "  syncWindows: {kind: deny} #!\n"), "spec.syncWindows.windows is missing"},

		"target name":            {target("    name: A_b #!\n"), "spec.target.name is no name"},
		"creation policy":        {target("    creationPolicy: Always #!\n"), `spec.target.creationPolicy is "Always"`},
		"deletion policy":        {target("    deletionPolicy: Never #!\n"), `spec.target.deletionPolicy is "Never"`},
		"delete what is merged":  {target("    creationPolicy: Merge\n    deletionPolicy: Delete #!\n"), "spec.target.deletionPolicy cannot be Delete with the creationPolicy Merge"},
		"merge what is not made": {target("    creationPolicy: None\n    deletionPolicy: Merge #!\n"), "spec.target.deletionPolicy cannot be Merge with the creationPolicy None"},
		"another manifest":       {target("    manifest: {apiVersion: v1, kind: ConfigMap} #!\n"), "spec.target.manifest writes an object of another kind"},
		"key twice":              {secret("  data:\n    - {secretKey: k, remoteRef: {key: a}}\n    - {secretKey: k, remoteRef: {key: b}} #!\n"), "spec.data[1].secretKey is k again"},
		"key with a slash":       {secret("  data:\n    - {secretKey: a/b, remoteRef: {key: a}} #!\n"), "spec.data[0].secretKey has a key with other characters"},
		"key up":                 {secret("  data:\n    - {secretKey: .., remoteRef: {key: a}} #!\n"), `spec.data[0].secretKey has a key that is "." or begins with ".."`},
		"key too long":           {secret("  data:\n    - {secretKey: " + strings.Repeat("a", 254) + ", remoteRef: {key: a}} #!\n"), "spec.data[0].secretKey has a key of more than 253"},
		"key, no":                {secret("  data:\n    - {remoteRef: {key: a}} #!\n"), "spec.data[0].secretKey is missing"},
		"no remoteRef":           {secret("  data:\n    - {secretKey: a} #!\n"), "spec.data[0].remoteRef is missing"},
		"remote key, no":         {secret("  data:\n    - {secretKey: a, remoteRef: {property: a}} #!\n"), "spec.data[0].remoteRef.key is missing"},
		"remote key, a parameter": {
			secret("  data:\n    - {secretKey: a, remoteRef: {key: 'arn:aws:ssm:eu-west-1:111122223333:parameter/a'}} #!\n"),
			"spec.data[0].remoteRef.key cannot be used: service is ssm",
		},
		"remote key, not a name":  {secret("  data:\n    - {secretKey: a, remoteRef: {key: 'a b'}} #!\n"), "spec.data[0].remoteRef.key cannot be used: name holds"},
		"remote key, white space": {secret("  data:\n    - {secretKey: a, remoteRef: {key: 'a '}} #!\n"), "begins or ends with white space"},
		"version, no id":          {secret("  data:\n    - {secretKey: a, remoteRef: {key: a, version: uuid/}} #!\n"), "spec.data[0].remoteRef.version has no id"},
		"version, short id":       {secret("  data:\n    - {secretKey: a, remoteRef: {key: a, version: uuid/1}} #!\n"), "spec.data[0].remoteRef.version cannot be used"},
		"version, no stage":       {secret("  data:\n    - {secretKey: a, remoteRef: {key: a, version: \"a\\nb\"}} #!\n"), "spec.data[0].remoteRef.version cannot be used"},
		"label and version":       {secret("  data:\n    - {secretKey: a, remoteRef: {key: '/a:live', version: '2'}, sourceRef: {storeRef: {name: params}}} #!\n"), "spec.data[0].remoteRef.version is given, and the key has a version too"},
		"version, a number":       {secret("  data:\n    - {secretKey: a, remoteRef: {key: a, version: 7}} #!\n"), "spec.data[0].remoteRef.version is 7 without quotes"},
		"two versions":            {secret("  data:\n    - {secretKey: a, remoteRef: {key: '/a:1', version: '2'}, sourceRef: {storeRef: {name: params}}} #!\n"), "spec.data[0].remoteRef.version is given, and the key has a version too"},
		"version, bad label":      {secret("  data:\n    - {secretKey: a, remoteRef: {key: /a, version: '1a'}, sourceRef: {storeRef: {name: params}}} #!\n"), "spec.data[0].remoteRef.version cannot be used: label"},
		"metadata policy":         {secret("  data:\n    - {secretKey: a, remoteRef: {key: a, metadataPolicy: Get}} #!\n"), `metadataPolicy is "Get"`},
		"decoding strategy":       {secret("  data:\n    - {secretKey: a, remoteRef: {key: a, decodingStrategy: base64}} #!\n"), `decodingStrategy is "base64"; it may be None, Base64, Base64URL, Auto`},
		"conversion strategy":     {secret("  data:\n    - {secretKey: a, remoteRef: {key: a, conversionStrategy: x}} #!\n"), "conversionStrategy is"},
		"null policy":             {secret("  data:\n    - {secretKey: a, remoteRef: {key: a, nullBytePolicy: x}} #!\n"), "nullBytePolicy is"},
		"property too long":       {secret("  data:\n    - {secretKey: a, remoteRef: {key: a, property: " + strings.Repeat("a", 600) + "}} #!\n"), "property is too long"},
		"property, a bomb":        {secret("  data:\n    - {secretKey: a, remoteRef: {key: a, property: '@this" + strings.Repeat("|@tostr", 30) + "'}} #!\n"), "property has more than three modifiers"},
		"property, four":          {secret("  data:\n    - {secretKey: a, remoteRef: {key: a, property: '@this|@this|@this|@this'}} #!\n"), "property has more than three modifiers"},
		"property, five lists":    {secret("  data:\n    - {secretKey: a, remoteRef: {key: a, property: '[[[[[a]]]]]'}} #!\n"), "property has too many multipaths"},
		"property, commas":        {secret("  data:\n    - {secretKey: a, remoteRef: {key: a, property: '{" + strings.Repeat("a,", 33) + "a}'}} #!\n"), "property has too many multipaths"},
		"property, another bomb":  {secret("  data:\n    - {secretKey: a, remoteRef: {key: a, property: '" + strings.Repeat("{a,b}|", 30) + "a'}} #!\n"), "property has too many multipaths"},
		"property, indented":      {secret("  data:\n    - {secretKey: a, remoteRef: {key: a, property: '@pretty:{\"indent\":\"      \"}'}} #!\n"), "property has @pretty with arguments"},
		"generator of data": {
			secret("  data:\n    - {secretKey: a, remoteRef: {key: a}, sourceRef: {generatorRef: {kind: Password, name: a}}} #!\n"),
			"spec.data[0].sourceRef.generatorRef is no field",
		},
		"generator of dataFrom": {secret("  dataFrom:\n    - sourceRef: {generatorRef: {kind: Password, name: a}} #!\n"), "spec.dataFrom[0].sourceRef.generatorRef makes new secrets"},
		"extract and find":      {from("      find: {path: a} #!\n"), "spec.dataFrom[0].find is given beside extract"},
		"neither":               {secret("  dataFrom:\n    - rewrite: [] #!\n"), "spec.dataFrom[0] has neither extract nor find"},
		"find all":              {secret("  dataFrom:\n    - find: {conversionStrategy: Default} #!\n"), "spec.dataFrom[0].find has neither name, tags nor path"},
		"find, no tags":         {secret("  dataFrom:\n    - find: {tags: {}} #!\n"), "spec.dataFrom[0].find has neither name, tags nor path"},
		"find, no regexp":       {secret("  dataFrom:\n    - find: {name: {regexp: '[a'}} #!\n"), "spec.dataFrom[0].find.name.regexp is no regular expression of RE2"},
		"find, empty regexp":    {secret("  dataFrom:\n    - find: {name: {}} #!\n"), "spec.dataFrom[0].find.name.regexp is missing"},
		"find, long regexp":     {secret("  dataFrom:\n    - find: {name: {regexp: " + strings.Repeat("a", 2000) + "}} #!\n"), "is too long as a regular expression"},
		"find, other":           {secret("  dataFrom:\n    - find: {path: a, metadataPolicy: Fetch} #!\n"), "spec.dataFrom[0].find.metadataPolicy is no field"},
		"find, tag a number":    {secret("  dataFrom:\n    - find: {tags: {a: 1}} #!\n"), "spec.dataFrom[0].find.tags.a is 1 without quotes"},
		"find, tag's key":       {secret("  dataFrom:\n    - find: {tags: {yes: a}} #!\n"), "spec.dataFrom[0].find.tags.yes is yes without quotes as a key"},
		"rewrite of two kinds":  {from("      rewrite:\n        - {regexp: {source: a}, transform: {template: a}} #!\n"), "spec.dataFrom[0].rewrite[0] must have one of"},
		"rewrite of none":       {from("      rewrite: [{}] #!\n"), "spec.dataFrom[0].rewrite[0] must have one of"},
		"rewrite, source":       {from("      rewrite: [{regexp: {target: a}}] #!\n"), "spec.dataFrom[0].rewrite[0].regexp.source is missing"},
		"rewrite, no regexp":    {from("      rewrite: [{regexp: {source: '*'}}] #!\n"), "spec.dataFrom[0].rewrite[0].regexp.source is no regular expression"},
		"rewrite, a bomb":       {from("      rewrite: [{regexp: {source: '((a?b|c*)d+){1000}'}}] #!\n"), "regexp.source repeats too much as a regular expression"},
		"rewrite, a bomb of 0":  {from("      rewrite: [{regexp: {source: '((a?b|c*)d+){0,1000}'}}] #!\n"), "regexp.source repeats too much as a regular expression"},
		"rewrite, no template":  {from("      rewrite: [{transform: {template: '{{ .value'}}] #!\n"), "transform.template is no template"},
		"rewrite, no into":      {from("      rewrite: [{merge: {strategy: JSON}}] #!\n"), "merge.into is missing"},
		"rewrite, twice":        {from("      rewrite: [{merge: {priority: [a, a]}}] #!\n"), `merge.priority has "a" twice`},
		"rewrite, strategy":     {from("      rewrite: [{merge: {strategy: Deep}}] #!\n"), "merge.strategy is"},
		"rewrite, priorities":   {from("      rewrite: [{merge: {priorityPolicy: a, conflictPolicy: b}}] #! #!\n"), "merge.priorityPolicy && merge.conflictPolicy"},

		"template engine":             {tmpl("      engineVersion: v1 #!\n"), `spec.target.template.engineVersion is "v1"; only v2`},
		"template engine of tomorrow": {tmpl("      engineVersion: v3 #!\n"), `spec.target.template.engineVersion is "v3"; only v2`},
		"template policy":             {tmpl("      mergePolicy: Both #!\n"), "spec.target.template.mergePolicy is"},
		"template, bootstrap":         {tmpl("      type: bootstrap.kubernetes.io/token #!\n"), "spec.target.template.type makes a bootstrap token"},
		"template, account":           {tmpl("      type: kubernetes.io/service-account-token\n      metadata:\n        annotations: {kubernetes.io/service-account.name: a} #!\n"), "spec.target.template.metadata.annotations makes a token"},
		"template, unknown field":     {tmpl("      metadata: {name: a} #!\n"), "spec.target.template.metadata.name is no field"},
		"template, key":               {tmpl("      data:\n        a/b: c #!\n"), "spec.target.template.data.a/b has a key with other"},
		"template, value":             {tmpl("      data:\n        a: true #!\n"), "spec.target.template.data.a is true without quotes"},
		"template, open":              {tmpl("      data:\n        a: |\n          one\n          {{ if .a }}\n"), "spec.target.template.data.a is no template: unexpected EOF"},
		"template, map":               {tmpl("      templateFrom:\n        - configMap: {name: a, items: [{key: b}]} #!\n"), "templateFrom[0].configMap takes templates from a ConfigMap"},
		"template, secret":            {tmpl("      templateFrom:\n        - secret: {name: a, items: [{key: b}]} #!\n"), "templateFrom[0].secret takes templates from a Secret"},
		"template, empty":             {tmpl("      templateFrom: [{target: Data}] #!\n"), "templateFrom[0] has no literal"},
		"template, spec":              {tmpl("      templateFrom: [{target: spec, literal: a}] #!\n"), `templateFrom[0].target is "spec"`},
		"template, functions": {
			tmpl("      data:\n        a: |\n          {{ randAlphaNum 8 }} #!\n          {{ if (env \"HOME\") }}{{ now }}{{ end }} #! #!\n          {{ .x | nosuch }} #!\n          {{ with $y := genCA \"a\" 1 }}{{ end }} #!\n          {{ (toYaml .).x }} #!\n"),
			"calls randAlphaNum, which gives something else each time && calls env, which looks at something && calls now, which looks at the clock && calls nosuch, which is no function && calls genCA, which gives && calls toYaml, which is not supported",
		},
		"template, folded": {
			tmpl("      data:\n        a: >-\n          one\n          two {{ now }} #!\n\n          three\n            {{ env \"a\" }} #!\n"),
			"calls now, which && calls env, which",
		},
		"template, parts of text": {
			tmpl("      data:\n        a: |\n          {{ .Values.a }} #!\n          {{ with fromJson .k }}{{ .a.b }}{{ $.k.x }}{{ else }}{{ .c.d }}{{ end }} #! #!\n          {{ range .k.x }}{{ .a.b }}{{ end }} #!\n"),
			"uses .Values.a, and what was fetched is text without parts && uses $.k.x && uses .c.d && uses .k.x",
		},
		"template, within one": {tmpl("      data:\n        a: |\n          x\n          {{ template \"b\" . }} #!\n"), "has a template within a template"},
		"template, defined":    {tmpl("      data:\n        a: |\n          {{ define \"b\" }}x{{ end }} #!\n"), "has a template within a template"},
		"template, itself":     {tmpl("      data:\n        a: |\n          {{ define \"t\" }}x{{ end }}\n"), "has a template within a template"},
		"template, steps":      {tmpl("      data:\n        a: '{{ __step }}' #!\n"), "calls __step, which is no function"},

		"beta: windows":     {beta(someData + "  syncWindows: {} #!\n"), "spec.syncWindows is no field of external-secrets.io/v1beta1"},
		"beta: manifest":    {beta(someData + "  target: {manifest: {}} #!\n"), "spec.target.manifest is no field of external-secrets.io/v1beta1"},
		"beta: creation":    {beta(someData + "  target: {creationPolicy: CreateOrMerge} #!\n"), "spec.target.creationPolicy is"},
		"beta: null bytes":  {beta("  data: [{secretKey: a, remoteRef: {key: a, nullBytePolicy: Fail}}] #!\n"), "remoteRef.nullBytePolicy is no field of"},
		"beta: merge":       {beta("  dataFrom: [{extract: {key: a}, rewrite: [{merge: {}}]}] #!\n"), "rewrite[0].merge is no field of"},
		"beta: finalizers":  {beta(someData + "  target: {template: {metadata: {finalizers: [a]}}} #!\n"), "metadata.finalizers is no field of"},
		"beta: values":      {beta(someData + "  target: {template: {templateFrom: [{literal: a, valuesDecodingStrategy: Auto}]}} #!\n"), "valuesDecodingStrategy is no field of"},
		"beta: tags policy": {fmt.Sprintf(betaFrame, ", sessionTagsPolicy: Simple", someData), "sessionTagsPolicy is no field of"},
		"beta: custom tags": {fmt.Sprintf(betaFrame, ", customSessionTags: {a: b}", someData), "customSessionTags is no field of"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := manifest.Options{Namespace: "shop", ServiceAccount: "orders"}
			set, err := manifest.Parse([]manifest.Input{{Name: "a.yaml", Data: []byte(test.manifest)}}, opts)
			if err == nil {
				t.Fatalf("accepted: %+v", set)
			}
			if set != nil || !errors.Is(err, secrets.ErrConfiguration) {
				t.Errorf("with a set: %v, configuration: %v", set != nil, errors.Is(err, secrets.ErrConfiguration))
			}
			var want, got []int
			for i, line := range strings.Split(test.manifest, "\n") {
				for range strings.Count(line, "#!") {
					want = append(want, i+1)
				}
			}
			problems := fieldErrors(t, err)
			for _, p := range problems {
				if p.Line > 0 {
					got = append(got, p.Line)
				}
			}
			if want == nil {
				got = nil
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s\n%v", diff, err)
			}
			for i, part := range strings.Split(test.want, " && ") {
				if i >= len(problems) || !strings.Contains(problems[i].Error(), part) {
					t.Errorf("error %d is not about %q:\n%v", i, part, err)
				}
			}
		})
	}
}

// fieldErrors takes what Parse joined apart.
func fieldErrors(t *testing.T, err error) []*manifest.FieldError {
	t.Helper()
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("%T", err)
	}
	var all []*manifest.FieldError
	for _, err := range joined.Unwrap() {
		field, ok := errors.AsType[*manifest.FieldError](err)
		if !ok {
			t.Fatalf("%T", err)
		}
		all = append(all, field)
	}
	return all
}

// What depends on whose pod it is cannot be read without knowing.
func TestUnknownPod(t *testing.T) {
	t.Parallel()
	used := "---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: a}\nspec:\n  secretStoreRef: {kind: ClusterSecretStore, name: store}\n" + someData
	for text, want := range map[string]string{
		store("      auth: {jwt: {serviceAccountRef: {name: orders}}}\n"):                        "a.yaml:9:39: spec.provider.aws.auth.jwt.serviceAccountRef names a service account, and the pod's own is not known: give its name and namespace",
		store("  conditions: [{namespaces: [shop]}]\n") + used:                                   "which has conditions, and the pod's namespace is not known",
		store("      role: arn:aws:iam::111122223333:role/r\n      sessionTagsPolicy: Simple\n"): "sessionTagsPolicy sets a tag to the pod's namespace, which is not known",
	} {
		_, err := manifest.Parse([]manifest.Input{{Name: "a.yaml", Data: []byte(text)}}, manifest.Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

// Without a pod, a namespace in a manifest is not another one; and stores are
// found in that of the ExternalSecret.
func TestNamespaceOfNobody(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(secret(someData), "{name: s", "{namespace: bank, name: s")
	text = strings.Replace(text, "secretStoreRef: {namespace: bank, ", "secretStoreRef: {", 1)
	set, err := manifest.Parse([]manifest.Input{{Data: []byte(text)}}, manifest.Options{})
	if err != nil || len(set.Warnings) > 0 || set.Accesses[0].Name != "SecretStore bank/store" {
		t.Errorf("%v, %+v", err, set)
	}
}

// A field that is null is not given, as in the Kubernetes API.
func TestNull(t *testing.T) {
	t.Parallel()
	set := parse(t, secret(strings.Replace(someData, "{key: k}", "{key: k, property: ~, version: null}", 1)+
		"  refreshInterval: null\n  refreshPolicy: ~\n  syncWindows:\n  dataFrom: null\n  target: {template: , name: ~}\n"))
	if out := set.Outputs[0]; out.Refresh != time.Hour || out.Name != "secret" || len(set.Warnings) > 0 {
		t.Errorf("%+v, %v", out, set.Warnings)
	}
}

// The annotation makes a token only with the type.
func TestAnnotationWithoutType(t *testing.T) {
	t.Parallel()
	set := parse(t, tmpl("      type: Opaque\n      metadata: {annotations: {kubernetes.io/service-account.name: a}}\n"))
	if len(set.Warnings) != 2 {
		t.Error(set.Warnings)
	}
}

// Warnings that the corpus has none of.
func TestWarnings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		store("      externalID: a1\n"): "a.yaml:9:19: spec.provider.aws.externalID has no effect without role",
		store("      customSessionTags: {a: b}\n      role: arn:aws:iam::111122223333:role/r\n"):                                  "a.yaml:9:26: spec.provider.aws.customSessionTags has no effect without the sessionTagsPolicy Custom",
		store("      customSessionTags: {a: b}\n      sessionTagsPolicy: Simple\n      role: arn:aws:iam::111122223333:role/r\n"): "a.yaml:9:26: spec.provider.aws.customSessionTags has no effect with the sessionTagsPolicy Simple",
		strings.Replace(store("  conditions: [{namespaces: [bank]}]\n"), "ClusterSecretStore", "SecretStore", 1):                  "a.yaml:9:15: spec.conditions has no effect in a SecretStore and is ignored",
		object("      - {objectName: a, objectType: secretsmanager, failoverObject: {objectVersionLabel: b}}\n"):                  "a.yaml:10:69: spec.parameters.objects[0].failoverObject has no objectName and is ignored",
		from("      rewrite: [{merge: {into: a}}]\n"):                                                                             "a.yaml:18:32: spec.dataFrom[0].rewrite[0].merge.into has no effect without the strategy JSON",
		tmpl("      metadata: {finalizers: [a]}\n"):                                                                               "a.yaml:19:30: spec.target.template.metadata.finalizers is about the Kubernetes Secret and ignored",
		secret("  dataFrom:\n    - {find: {name: {regexp: a}, tags: {a: b}}, sourceRef: {storeRef: {name: params}}}\n"):           "a.yaml:17:40: spec.dataFrom[0].find.tags is ignored beside name, as the External Secrets Operator does for Parameter Store",
	} {
		set := parse(t, text)
		if len(set.Warnings) != 1 || set.Warnings[0].String() != want {
			t.Errorf("%v\nwant %s", set.Warnings, want)
		}
	}
}
