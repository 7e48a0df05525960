package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
)

// swaps are what stands in place of an operator.
var swaps = map[token.Token]token.Token{
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.EQL: token.NEQ, token.NEQ: token.EQL, token.LAND: token.LOR, token.LOR: token.LAND,
	token.ADD: token.SUB, token.SUB: token.ADD,
}

// A finder looks for what can be changed in one file.
type finder struct {
	file      *token.File
	text      string
	constants func(ast.Expr) bool // whether it is a named integer constant

	parents []ast.Node
	found   []mutant
}

// visit is for [ast.PreorderStack]: it makes the mutants of one node.
func (f *finder) visit(n ast.Node, parents []ast.Node) bool {
	f.parents = parents
	switch n := n.(type) {
	case *ast.ImportSpec:
		return false
	case *ast.BinaryExpr:
		if to, ok := swaps[n.Op]; ok {
			at := f.offset(n.OpPos)
			f.add(n, fmt.Sprintf("%s to %s", n.Op, to), at, at+len(n.Op.String()), to.String())
		}
	case *ast.BasicLit:
		if n.Kind == token.INT && !(n.Value == "0" && besideError(f.parents)) {
			f.addConstant(n)
		}
	case *ast.SelectorExpr:
		if f.constants(n) {
			f.addConstant(n)
			return false
		}
	case *ast.Ident:
		f.ident(n)
	case *ast.IfStmt:
		if b, ok := n.Cond.(*ast.BinaryExpr); !ok || b.Op != token.EQL && b.Op != token.NEQ { // those are swapped
			from, to := f.span(n.Cond)
			f.add(n.Cond, "if not", from, to, "!("+f.text[from:to]+")")
		}
	case *ast.BlockStmt:
		f.statements(n.List)
	case *ast.CaseClause:
		f.statements(n.Body)
	case *ast.CommClause:
		f.statements(n.Body)
	}
	return true
}

// ident makes the mutants of a name: a truth value or a constant.
func (f *finder) ident(n *ast.Ident) {
	switch p := f.parents[len(f.parents)-1].(type) {
	case *ast.ValueSpec:
		for _, name := range p.Names {
			if name == n {
				return // its declaration
			}
		}
	case *ast.SelectorExpr:
		if p.Sel == n {
			return // a field's or another package's
		}
	case *ast.KeyValueExpr:
		if p.Key == n {
			return // of a field
		}
	case *ast.Field:
		return // a parameter or its type
	}
	from, to := f.span(n)
	switch {
	case n.Name == "true":
		f.add(f.parents[len(f.parents)-1], "true to false", from, to, "false")
	case n.Name == "false":
		f.add(f.parents[len(f.parents)-1], "false to true", from, to, "true")
	case f.constants(n):
		f.addConstant(n)
	}
}

// addConstant makes the two neighbours of an integer.
func (f *finder) addConstant(n ast.Expr) {
	from, to := f.span(n)
	for _, by := range []string{"+1", "-1"} {
		f.add(f.parents[len(f.parents)-1], f.text[from:to]+by, from, to, "("+f.text[from:to]+by+")")
	}
}

// statements drops each statement whose absence compiles in most cases: a call without a use of its results, and what
// sets a field. A return stays: without it the next lines would do what the function does for others.
func (f *finder) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt:
			if call, ok := s.X.(*ast.CallExpr); ok && !isPanic(call) {
				f.addDrop(s)
			}
		case *ast.DeferStmt:
			f.addDrop(s)
		case *ast.AssignStmt:
			if s.Tok == token.ASSIGN && allFields(s.Lhs) {
				f.addDrop(s)
			}
		}
	}
}

func (f *finder) addDrop(s ast.Stmt) {
	from, to := f.span(s)
	f.add(s, "dropped", from, to, "")
}

func isPanic(call *ast.CallExpr) bool {
	name, ok := call.Fun.(*ast.Ident)
	return ok && name.Name == "panic"
}

func allFields(list []ast.Expr) bool {
	for _, e := range list {
		if _, ok := e.(*ast.SelectorExpr); !ok {
			return false
		}
	}
	return true
}

// add makes a mutant that has new in place of the text between two offsets; shown is the node whose text names it.
func (f *finder) add(shown ast.Node, operator string, from, to int, replacement string) {
	a, b := f.span(shown)
	f.found = append(f.found, mutant{Function: f.function(), Operator: operator, Source: clip(f.text[a:b]),
		from: from, to: to, old: f.text[from:to], replacement: replacement})
}

// function names the function that is looked at, or what is declared outside of any.
func (f *finder) function() string {
	for _, n := range f.parents {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv != nil {
				return receiver(n.Recv.List[0].Type) + "." + n.Name.Name
			}
			return n.Name.Name
		case *ast.ValueSpec:
			return n.Names[0].Name
		case *ast.TypeSpec:
			return n.Name.Name
		}
	}
	return "-"
}

// receiver names a method's type.
func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return "-"
}

func (f *finder) offset(p token.Pos) int { return f.file.Offset(p) }

func (f *finder) span(n ast.Node) (from, to int) { return f.offset(n.Pos()), f.offset(n.End()) }

// shown is how much of the source text an id holds.
const shown = 70

// clip puts a source text on one line, and cuts it where it is long.
func clip(text string) string {
	r := []rune(strings.Join(strings.Fields(text), " "))
	if len(r) > shown {
		return string(r[:shown-1]) + "…"
	}
	return string(r)
}
