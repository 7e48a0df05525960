package main

import (
	"go/ast"
	"go/token"
	"strings"
	"unicode"
)

// besideError says whether what stands below these nodes is a result beside an error that is not nil. A 0 there stands
// for no number, and no caller looks at it, so that its neighbours are not worth a mutant. Other numbers may mean
// something, such as how many bytes are needed; and where a function reads or writes bytes as an io.Reader does,
// callers may look at the number first.
func besideError(parents []ast.Node) bool {
	last := len(parents) - 1
	ret, ok := parents[last].(*ast.ReturnStmt)
	if !ok || len(ret.Results) < 2 || countsBytes(parents) {
		return false
	}
	switch e := ret.Results[len(ret.Results)-1].(type) {
	case *ast.UnaryExpr:
		_, made := e.X.(*ast.CompositeLit)
		return made && e.Op == token.AND
	case *ast.CallExpr:
		return isNamed(e.Fun, "errors.New") || isNamed(e.Fun, "fmt.Errorf")
	case *ast.SelectorExpr:
		return isError(e.Sel.Name)
	case *ast.Ident:
		return isError(e.Name) || isNotNil(e.Name, parents[:last])
	}
	return false
}

// isError says whether this is the name of a certain error, such as ErrTooLong or errTooMany.
func isError(name string) bool {
	rest, ok := strings.CutPrefix(strings.ToLower(name[:1])+name[1:], "err")
	return ok && rest != "" && unicode.IsUpper(rune(rest[0]))
}

// isNamed says whether an expression is this name of another package.
func isNamed(e ast.Expr, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	p, ok := s.X.(*ast.Ident)
	return ok && p.Name+"."+s.Sel.Name == name
}

// isNotNil says whether the innermost condition is that the variable is not nil.
func isNotNil(name string, parents []ast.Node) bool {
	if len(parents) < 2 {
		return false
	}
	conditions := []ast.Expr(nil)
	switch n := parents[len(parents)-1].(type) {
	case *ast.CaseClause:
		conditions = n.List
	case *ast.BlockStmt:
		if i, ok := parents[len(parents)-2].(*ast.IfStmt); ok && i.Body == n {
			conditions = []ast.Expr{i.Cond}
		}
	}
	if len(conditions) != 1 {
		return false
	}
	b, ok := conditions[0].(*ast.BinaryExpr)
	if !ok || b.Op != token.NEQ {
		return false
	}
	x, isX := b.X.(*ast.Ident)
	y, isY := b.Y.(*ast.Ident)
	return isX && isY && x.Name == name && y.Name == "nil"
}

// countsBytes says whether the innermost function takes bytes, and returns only an int and an error.
func countsBytes(parents []ast.Node) bool {
	var t *ast.FuncType
	for _, n := range parents {
		switch n := n.(type) {
		case *ast.FuncDecl:
			t = n.Type
		case *ast.FuncLit:
			t = n.Type
		}
	}
	if t == nil || t.Results.NumFields() != 2 {
		return false
	}
	if n, ok := t.Results.List[0].Type.(*ast.Ident); !ok || n.Name != "int" {
		return false
	}
	for _, p := range t.Params.List {
		if a, ok := p.Type.(*ast.ArrayType); ok && a.Len == nil {
			return true
		}
	}
	return false
}
