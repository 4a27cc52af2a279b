package manifest

import "text/template/parse"

// walker visits the nodes of a template, a loop's body before the loop.
type walker struct {
	visit   func(parse.Node)
	rebound int // how many "with" and "range" give the dot another value here
}

func (w *walker) walk(n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, n := range n.Nodes {
				w.walk(n)
			}
		}
	case *parse.ActionNode:
		w.walk(n.Pipe)
	case *parse.PipeNode:
		if n != nil {
			for _, command := range n.Cmds {
				w.walk(command)
			}
		}
	case *parse.CommandNode:
		for _, arg := range n.Args {
			w.walk(arg)
		}
	case *parse.ChainNode:
		w.walk(n.Node)
	case *parse.IfNode:
		w.branch(&n.BranchNode, 0)
	case *parse.WithNode:
		w.branch(&n.BranchNode, 1)
	case *parse.RangeNode:
		w.branch(&n.BranchNode, 1)
		w.visit(n)
	case *parse.TemplateNode, *parse.IdentifierNode, *parse.FieldNode, *parse.VariableNode:
		w.visit(n)
	}
}

func (w *walker) branch(n *parse.BranchNode, rebinds int) {
	w.walk(n.Pipe)
	w.rebound += rebinds
	w.walk(n.List)
	w.rebound -= rebinds
	w.walk(n.ElseList)
}
