package manifest

import "text/template/parse"

// walker visits the nodes of a template, a loop's body before the loop.
type walker struct{ visit func(parse.Node) }

func (w walker) walk(n parse.Node) {
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
		w.branch(&n.BranchNode)
	case *parse.WithNode:
		w.branch(&n.BranchNode)
	case *parse.RangeNode:
		w.branch(&n.BranchNode)
		w.visit(n)
	case *parse.TemplateNode, *parse.IdentifierNode:
		w.visit(n)
	}
}

func (w walker) branch(n *parse.BranchNode) {
	w.walk(n.Pipe)
	w.walk(n.List)
	w.walk(n.ElseList)
}
