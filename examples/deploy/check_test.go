package deploy_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// problems collects what checks find.
type problems []string

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

// check looks at everything; what it returns is empty if all is well.
func (r *rendered) check() problems {
	var p problems
	r.checkNamespaces(&p)
	r.checkSelectors(&p)
	r.checkMonitors(&p)
	for _, one := range r.pods {
		r.checkSecurity(one, &p)
		r.checkPod(one, &p)
		for _, c := range one.containers() {
			checkContainer(one, c, &p)
			r.checkMounts(one, c, &p)
			checkProbes(one, c, &p)
		}
	}
	return p
}

// security is what the API server's admission of pods goes by.
var security = func() policy.Evaluator {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		panic(err)
	}
	return evaluator
}()

// checkSecurity asks the code of Kubernetes about the level restricted.
func (r *rendered) checkSecurity(one pod, p *problems) {
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, result := range security.EvaluatePod(level, &one.ObjectMeta, &one.Spec) {
		if !result.Allowed {
			p.add("%s: %s: %s", one.name, result.ForbiddenReason, result.ForbiddenDetail)
		}
	}
}

func (r *rendered) checkNamespaces(p *problems) {
	names := map[string]bool{}
	for _, o := range r.objects {
		m, err := meta.Accessor(o)
		if err != nil {
			p.add("%v", err)
			continue
		}
		if _, is := o.(*corev1.Namespace); !is {
			names[m.GetNamespace()] = true
		}
	}
	if len(names) != 1 {
		p.add("objects are in several namespaces: %q", slices.Sorted(maps.Keys(names)))
	}
	for _, space := range r.spaces {
		if !names[space.Name] {
			p.add("nothing is in namespace %s", space.Name)
		}
		if level := space.Labels[api.EnforceLevelLabel]; level != string(api.LevelRestricted) {
			p.add("namespace %s enforces %q", space.Name, level)
		}
	}
}

// checkPod looks at what Pod Security says nothing about.
func (r *rendered) checkPod(one pod, p *problems) {
	spec := one.Spec
	account := r.accounts[spec.ServiceAccountName]
	switch {
	case spec.ServiceAccountName == "":
		p.add("%s: no service account", one.name)
	case account == nil && len(r.spaces) > 0: // the doctor's Job finds it there
		p.add("%s: there is no service account %s", one.name, spec.ServiceAccountName)
	case account != nil && (account.AutomountServiceAccountToken == nil || *account.AutomountServiceAccountToken):
		p.add("%s: service account %s mounts tokens for the Kubernetes API", one.name, account.Name)
	}
	if spec.AutomountServiceAccountToken == nil || *spec.AutomountServiceAccountToken {
		p.add("%s: it mounts a token for the Kubernetes API", one.name)
	}
	if spec.SecurityContext.FSGroup == nil {
		p.add("%s: without fsGroup the application cannot read what a sidecar writes", one.name)
	}
	// Of the default, which is the application's, nothing would be left for the drain.
	const usual, drain = 30, 10
	if grace := spec.TerminationGracePeriodSeconds; one.sidecars() && (grace == nil || *grace < usual+drain) {
		p.add("%s: no time for sidecars to end after the application", one.name)
	}
	if skip := one.Annotations["eks.amazonaws.com/skip-containers"]; skip != "" {
		for name := range strings.SplitSeq(skip, ",") {
			if !slices.ContainsFunc(one.containers(), func(c corev1.Container) bool { return c.Name == name }) {
				p.add("%s: skip-containers names %s, which is not there", one.name, name)
			}
		}
	}
	for _, v := range spec.Volumes {
		switch {
		case v.EmptyDir != nil:
			if v.EmptyDir.Medium != corev1.StorageMediumMemory || v.EmptyDir.SizeLimit == nil {
				p.add("%s: volume %s is not in memory, or of any size", one.name, v.Name)
			}
		case v.ConfigMap != nil:
			if r.configs[v.ConfigMap.Name] == nil {
				p.add("%s: there is no ConfigMap %s", one.name, v.ConfigMap.Name)
			}
		default:
			p.add("%s: volume %s is of a kind that nothing here needs", one.name, v.Name)
		}
	}
}

func checkContainer(one pod, c corev1.Container, p *problems) {
	at := one.name + "/" + c.Name
	if s := c.SecurityContext; s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem {
		p.add("%s: its root file system can be written to", at)
	}
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		request, limit := c.Resources.Requests[name], c.Resources.Limits[name]
		if request.IsZero() || limit.Cmp(request) < 0 {
			p.add("%s: %s of %s requested, limited to %s", at, name, &request, &limit)
		}
	}
	if _, tag, ok := strings.Cut(c.Image, ":"); !ok || tag == "latest" {
		p.add("%s: image %s says no version", at, c.Image)
	}
	for _, e := range c.Env {
		// Half a pair, written by hand, keeps the webhook from adding the other.
		if e.Name == "AWS_ROLE_ARN" || e.Name == "AWS_WEB_IDENTITY_TOKEN_FILE" {
			p.add("%s: %s is the webhook's to set", at, e.Name)
		}
	}
	if c.RestartPolicy != nil && *c.RestartPolicy != corev1.ContainerRestartPolicyAlways {
		p.add("%s: restartPolicy %s makes no sidecar", at, *c.RestartPolicy)
	}
}

// checkMounts sees to it that what is mounted exists, that configuration is not
// written to, and that the application cannot change what a sidecar has made.
func (r *rendered) checkMounts(one pod, c corev1.Container, p *problems) {
	for _, m := range c.VolumeMounts {
		i := slices.IndexFunc(one.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
		if i < 0 {
			p.add("%s/%s: it mounts volume %s, which is not there", one.name, c.Name, m.Name)
			continue
		}
		shared := slices.ContainsFunc(one.Spec.Containers, func(main corev1.Container) bool { return main.Name == c.Name })
		if !m.ReadOnly && (shared || one.Spec.Volumes[i].ConfigMap != nil) {
			p.add("%s/%s: it may write to %s", one.name, c.Name, m.Name)
		}
	}
	// What is named by a path of a mounted ConfigMap must be a key of it.
	for _, word := range slices.Concat(c.Command, c.Args) {
		for _, m := range c.VolumeMounts {
			key, below := strings.CutPrefix(word, m.MountPath+"/")
			if config := r.config(one, m.Name); below && config != nil && config.Data[key] == "" {
				p.add("%s/%s: %s is not in ConfigMap %s", one.name, c.Name, word, config.Name)
			}
		}
	}
}

// config is the ConfigMap behind a volume, or nil.
func (r *rendered) config(one pod, volume string) *corev1.ConfigMap {
	for _, v := range one.Spec.Volumes {
		if v.Name == volume && v.ConfigMap != nil {
			return r.configs[v.ConfigMap.Name]
		}
	}
	return nil
}

// checkProbes: an httpGet must go to a path and to the port that the agent's
// health listener has, and a sidecar that others wait for must say when it is up.
func checkProbes(one pod, c corev1.Container, p *problems) {
	at := one.name + "/" + c.Name
	paths := map[*corev1.Probe]string{c.LivenessProbe: "/healthz", c.ReadinessProbe: "/readyz"}
	for probe, want := range paths {
		if probe == nil || probe.HTTPGet == nil {
			continue
		}
		if probe.HTTPGet.Path != want {
			p.add("%s: a probe asks for %s instead of %s", at, probe.HTTPGet.Path, want)
		}
		if portNumber(c, probe.HTTPGet.Port) == 0 {
			p.add("%s: a probe asks at port %s, which is not there", at, &probe.HTTPGet.Port)
		}
	}
	program := slices.Concat(c.Command, []string{""})[0]
	if c.RestartPolicy == nil || program == "/files" { // files-once has done it before
		return
	}
	if s := c.StartupProbe; s == nil || s.Exec == nil || s.Exec.Command[0] != program {
		p.add("%s: there is no startup probe that asks %s", at, program)
	}
}

// portNumber is that of a port by name or number, or zero.
func portNumber(c corev1.Container, port intstr.IntOrString) int32 {
	for _, has := range c.Ports {
		if has.Name == port.StrVal && port.Type == intstr.String || has.ContainerPort == port.IntVal && port.Type == intstr.Int {
			return has.ContainerPort
		}
	}
	return 0
}

// checkSelectors: what selects pods selects some.
func (r *rendered) checkSelectors(p *problems) {
	for _, o := range r.objects {
		d, ok := o.(*appsv1.Deployment)
		if !ok {
			continue
		}
		if !selects(d.Spec.Selector, d.Spec.Template.Labels) {
			p.add("Deployment %s does not select its own pods", d.Name)
		}
		for _, spread := range d.Spec.Template.Spec.TopologySpreadConstraints {
			if !selects(spread.LabelSelector, d.Spec.Template.Labels) {
				p.add("Deployment %s spreads pods that are not its own", d.Name)
			}
		}
	}
	selectors := map[string]*metav1.LabelSelector{}
	for _, b := range r.budgets {
		selectors["PodDisruptionBudget "+b.Name] = b.Spec.Selector
	}
	for _, n := range r.policies {
		selectors["NetworkPolicy "+n.Name] = &n.Spec.PodSelector
	}
	for _, m := range r.monitors {
		selectors["PodMonitor "+m.Name] = &m.Spec.Selector
	}
	for name, s := range selectors {
		if !slices.ContainsFunc(r.pods, func(one pod) bool { return selects(s, one.Labels) }) {
			p.add("%s selects no pod", name)
		}
	}
}

// checkMonitors: a pod that is selected has the port that is asked at. Where it has
// none Prometheus has no target, and nothing says so.
func (r *rendered) checkMonitors(p *problems) {
	for _, m := range r.monitors {
		for _, e := range m.Spec.PodMetricsEndpoints {
			port := intstr.FromString(*e.Port)
			if !slices.ContainsFunc(r.pods, func(one pod) bool {
				return selects(&m.Spec.Selector, one.Labels) &&
					slices.ContainsFunc(one.containers(), func(c corev1.Container) bool { return portNumber(c, port) != 0 })
			}) {
				p.add("PodMonitor %s asks at port %s, which no pod has", m.Name, &port)
			}
		}
	}
}

func selects(s *metav1.LabelSelector, set map[string]string) bool {
	selector, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && selector.Matches(labels.Set(set))
}

func TestDirectories(t *testing.T) {
	t.Parallel()
	for _, dir := range append(directories, "verify") {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			if p := mustRender(t, dir).check(); len(p) > 0 {
				t.Errorf("problems:\n%s", strings.Join(p, "\n"))
			}
		})
	}
}

// Components go together with each directory that they are for, if it has none yet.
func TestCombinations(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ resources, components []string }{
		"fargate":             {resources, []string{"fargate"}},
		"everything on nodes": {resources, []string{"pod-identity", "network-policy"}},
		"watched":             {[]string{"base"}, []string{"pod-identity", "network-policy", "prometheus-operator"}},
		"fargate, watched":    {[]string{"base"}, []string{"fargate", "prometheus-operator"}},
	} {
		for _, resource := range test.resources {
			t.Run(resource+", "+name, func(t *testing.T) {
				t.Parallel()
				r, err := readTree(t).combine(resource, test.components...)
				must(t, err)
				if p := r.check(); len(p) > 0 {
					t.Errorf("problems:\n%s", strings.Join(p, "\n"))
				}
			})
		}
	}
}

// Each check must be able to fail.
func TestChecksFail(t *testing.T) {
	t.Parallel()
	const deployment, account = "base/deployment.yaml", "base/serviceaccount.yaml"
	const watched, monitor = "watched", "components/prometheus-operator/podmonitor.yaml"
	for name, test := range map[string]struct{ dir, file, before, after, want string }{
		"unknown field":           {"base", deployment, "enableServiceLinks", "enableServiceLink", `unknown field "spec.template.spec.enableServiceLink"`},
		"privileges":              {"base", deployment, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "allowPrivilegeEscalation"},
		"capabilities":            {"overlays/files", "overlays/files/deployment.yaml", "drop: [ALL]", "drop: [NET_RAW]", "unrestricted capabilities"},
		"root":                    {"base", deployment, "runAsUser: 65532", "runAsUser: 0", "runAsUser=0"},
		"no seccomp":              {"verify", "verify/job.yaml", "RuntimeDefault", "Unconfined", "seccompProfile"},
		"host network":            {"base", deployment, "enableServiceLinks: false", "hostNetwork: true", "host namespaces"},
		"writable root":           {"base", deployment, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "testapp/agent: its root file system"},
		"no limit":                {"base", deployment, "memory: 64Mi", "memory: 4Mi", "memory of 48Mi requested"},
		"level":                   {"base", "base/namespace.yaml", "enforce: restricted", "enforce: baseline", `namespace testnamespace enforces "baseline"`},
		"other namespace":         {"base", "base/kustomization.yaml", "namespace: testnamespace", "", "nothing is in namespace testnamespace"},
		"automount":               {"base", deployment, "automountServiceAccountToken: false", "automountServiceAccountToken: true", "it mounts a token"},
		"account's automount":     {"base", account, "automountServiceAccountToken: false", "", "mounts tokens"},
		"account":                 {"base", account, "name: testapp", "name: other", "there is no service account testapp"},
		"fsGroup":                 {"base", deployment, "fsGroup: 2000", "supplementalGroups: [2000]", "without fsGroup"},
		"disk":                    {"base", deployment, "medium: Memory", `medium: ""`, "volume irsa is not in memory"},
		"host path":               {"base", deployment, "configMap:\n            name: agent", "hostPath: {path: /etc}", "hostPath"},
		"config":                  {"base", deployment, "configMap:\n            name: agent", "configMap:\n            name: nobody", "there is no ConfigMap nobody"},
		"config's key":            {"base", deployment, "args: [-c, /etc/irsa/agent.toml]", "args: [-c, /etc/irsa/config.toml]", "/etc/irsa/config.toml is not in ConfigMap"},
		"mount":                   {"base", deployment, "- name: irsa\n              mountPath", "- name: tokens\n              mountPath", "which is not there"},
		"application writes":      {"base", deployment, "mountPath: /var/run/irsa\n              readOnly: true", "mountPath: /var/run/irsa", "testapp/app: it may write to irsa"},
		"skipped container":       {"base", deployment, "skip-containers: app", "skip-containers: main", "skip-containers names main"},
		"tag":                     {"base", deployment, "irsa:v1", "irsa", "says no version"},
		"half a pair":             {"overlays/credserver", "overlays/credserver/deployment.yaml", "name: AWS_REGION", "name: AWS_ROLE_ARN", "is the webhook's to set"},
		"probe's path":            {"base", deployment, "path: /readyz", "path: /ready", "a probe asks for /ready instead of /readyz"},
		"probe's port":            {"base", deployment, "port: health", "port: http", "a probe asks at port http"},
		"startup probe":           {"base", deployment, "command: [/agent, ready", "command: [/bin/true, ready", "no startup probe that asks /agent"},
		"selector":                {"base", deployment, "matchLabels:\n      app.kubernetes.io/name: testapp", "matchLabels:\n      app.kubernetes.io/name: app", "does not select its own pods"},
		"grace":                   {"base", deployment, "terminationGracePeriodSeconds: 40", "terminationGracePeriodSeconds: 30", "no time for sidecars"},
		"spread":                  {"base", deployment, "name: testapp\n          matchLabelKeys", "name: app\n          matchLabelKeys", "spreads pods that are not its own"},
		"budget's selector":       {"base", "base/poddisruptionbudget.yaml", "name: testapp\n", "name: app\n", "PodDisruptionBudget app selects no pod"},
		"network policy's labels": {"overlays/network-policy", "components/network-policy/networkpolicy.yaml", "part-of: testapp", "part-of: app", "selects no pod"},
		"monitor's field":         {watched, monitor, "interval:", "intervall:", `unknown field "spec.podMetricsEndpoints[0].intervall"`},
		"monitor's port":          {watched, monitor, "port: health", "port: metrics", "PodMonitor irsa-agent asks at port metrics, which no pod has"},
		"monitor's selector":      {watched, monitor, "name: testapp", "name: app", "PodMonitor irsa-agent selects no pod"},
		"rule's field":            {watched, "components/prometheus-operator/prometheusrule.yaml", "alert: IRSAAgentDown", "alarm: IRSAAgentDown", `alarm"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := readTree(t)
			must(t, tr.change(test.file, test.before, test.after))
			must(t, tr.kustomization(watched, "base", "prometheus-operator"))
			var got string
			if r, err := tr.render(test.dir); err != nil {
				got = err.Error()
			} else {
				got = strings.Join(r.check(), "\n")
			}
			if !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
				t.Errorf("problems %q, want %q", got, test.want)
			}
		})
	}
}
