package credentials

import (
	"context"
	"fmt"
	"strings"
)

// otherSDKsCheck says which identity programs of other languages have in this
// pod.
func (x *examination) otherSDKsCheck(ctx context.Context) Check {
	choices, configured := elsewhere(look(ctx, x.cfg, x.env, DefaultSources()), x.env)
	by := map[Source][]string{}
	var order []Source
	var onward []string
	for _, choice := range choices {
		if by[choice.Source] == nil {
			order = append(order, choice.Source)
		}
		by[choice.Source] = append(by[choice.Source], choice.SDK)
		if choice.FallsThrough {
			onward = append(onward, choice.SDK)
		}
	}
	var seen []string
	for _, source := range order {
		seen = append(seen, fmt.Sprintf("%s: %s", list(by[source]), elsewhereName(source)))
	}
	c := Check{Name: nameOtherSDKs, Status: StatusOK, Evidence: strings.Join(seen, "; ")}
	if len(configured) > 0 {
		c.Evidence += fmt.Sprintf("; where that does not succeed %s go on to the next source, down to the node's role", list(onward))
	}
	switch {
	case len(order) == 1 && order[0] == x.selection.Source:
	case x.chosenErr == nil && x.explicit():
		c.Status = StatusInfo
		c.Evidence += "; only this program's Config says otherwise"
	case x.chosenErr == nil && len(configured) == 1:
		c.Status = StatusInfo // some know fewer sources than others
	case len(configured) == 0:
		c.Status = StatusWarning
		c.Fix = "do not expect other programs here to fail: without a source of their own they take the node's role, if they can reach it; see the check of the node role"
	default:
		c.Status = StatusWarning
		c.Fix = "configure one source alone, so that every program in the pod has the same identity"
	}
	return c
}

// elsewhereName names a source as other SDKs use it.
func elsewhereName(s Source) string {
	if s == SourceInstanceProfile {
		return "the node's role"
	}
	return string(s)
}
