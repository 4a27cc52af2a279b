package deploy_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// directories are those that people apply.
var directories = []string{
	"base", "overlays/credserver", "overlays/fargate", "overlays/files", "overlays/network-policy", "overlays/pod-identity",
}

// tree is this directory in memory, where a test may change a file.
type tree struct{ filesys.FileSystem }

func readTree(t *testing.T) tree {
	t.Helper()
	tr := tree{filesys.MakeFsInMemory()}
	must(t, fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) == ".go" {
			return err
		}
		data, err := os.ReadFile(name)
		return errors.Join(err, tr.WriteFile("/"+name, data))
	}))
	return tr
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// change replaces a piece of a file, which must be in it.
func (tr tree) change(name, before, after string) error {
	text, err := tr.ReadFile("/" + name)
	if err == nil && !strings.Contains(string(text), before) {
		err = fmt.Errorf("%s has no %q", name, before)
	}
	return errors.Join(err, tr.WriteFile("/"+name, []byte(strings.ReplaceAll(string(text), before, after))))
}

// resources are the directories that components are added to.
var resources = []string{"base", "overlays/files", "overlays/credserver"}

// combine is a directory with components.
func (tr tree) combine(resource string, components ...string) (*rendered, error) {
	if err := tr.kustomization("combination", resource, components...); err != nil {
		return nil, err
	}
	return tr.render("combination")
}

// kustomization adds one to the tree that is made of others.
func (tr tree) kustomization(dir, resource string, components ...string) error {
	components = slices.Clone(components)
	for i, c := range components {
		components[i] = "../components/" + c
	}
	text := fmt.Sprintf("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: testnamespace\n"+
		"resources: [../%s]\ncomponents: [%s]\n", resource, strings.Join(components, ", "))
	return tr.WriteFile(path.Join("/", dir, "kustomization.yaml"), []byte(text))
}

// pod is the template of pods, and the name of what makes them.
type pod struct {
	name string
	*corev1.PodTemplateSpec
}

// containers are all of a pod, those that start first first.
func (p pod) containers() []corev1.Container {
	return slices.Concat(p.Spec.InitContainers, p.Spec.Containers)
}

// sidecars reports whether there are native ones, which end after all else.
func (p pod) sidecars() bool {
	return slices.ContainsFunc(p.Spec.InitContainers, func(c corev1.Container) bool { return c.RestartPolicy != nil })
}

func (p pod) container(t *testing.T, name string) corev1.Container {
	t.Helper()
	all := p.containers()
	i := slices.IndexFunc(all, func(c corev1.Container) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("%s has no container %s", p.name, name)
	}
	return all[i]
}

// rendered is what a kustomization comes to, in the types of Kubernetes.
type rendered struct {
	objects  []runtime.Object
	pods     []pod
	accounts map[string]*corev1.ServiceAccount
	configs  map[string]*corev1.ConfigMap
	policies []*networkingv1.NetworkPolicy
	budgets  []*policyv1.PodDisruptionBudget
	spaces   []*corev1.Namespace
	monitors []*monitoringv1.PodMonitor
	rules    []*monitoringv1.PrometheusRule
}

// render builds a directory of the tree as kubectl apply -k does, and decodes what
// comes out strictly: a field that Kubernetes does not know is an error.
func (tr tree) render(dir string) (*rendered, error) {
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(tr, "/"+dir)
	if err != nil {
		return nil, err
	}
	r := &rendered{accounts: map[string]*corev1.ServiceAccount{}, configs: map[string]*corev1.ConfigMap{}}
	for _, resource := range resources.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			return nil, err
		}
		if err := r.decode(text); err != nil {
			return nil, fmt.Errorf("%s %s: %w", resource.GetKind(), resource.GetName(), err)
		}
	}
	return r, nil
}

func mustRender(t *testing.T, dir string) *rendered {
	t.Helper()
	r, err := readTree(t).render(dir)
	must(t, err)
	return r
}

// decoder knows the kinds that there are here, in the types of Kubernetes and of the
// Prometheus Operator.
var decoder = func() runtime.Decoder {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
		monitoringv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
}()

func (r *rendered) decode(text []byte) error {
	object, _, err := decoder.Decode(text, nil, nil)
	if err != nil {
		return err
	}
	r.objects = append(r.objects, object)
	switch o := object.(type) {
	case *corev1.Namespace:
		r.spaces = append(r.spaces, o)
	case *corev1.ServiceAccount:
		r.accounts[o.Name] = o
	case *corev1.ConfigMap:
		r.configs[o.Name] = o
	case *appsv1.Deployment:
		r.pods = append(r.pods, pod{o.Name, &o.Spec.Template})
	case *batchv1.Job:
		r.pods = append(r.pods, pod{o.Name, &o.Spec.Template})
	case *networkingv1.NetworkPolicy:
		r.policies = append(r.policies, o)
	case *policyv1.PodDisruptionBudget:
		r.budgets = append(r.budgets, o)
	case *monitoringv1.PodMonitor:
		r.monitors = append(r.monitors, o)
	case *monitoringv1.PrometheusRule:
		r.rules = append(r.rules, o)
	default:
		return errors.New("this test does not know such objects")
	}
	return nil
}

// testapp is the application's pods.
func (r *rendered) testapp(t *testing.T) pod {
	t.Helper()
	i := slices.IndexFunc(r.pods, func(p pod) bool { return p.name == "testapp" })
	if i < 0 {
		t.Fatal("there is no Deployment testapp")
	}
	return r.pods[i]
}
