// The real OPA as an engine of the bench: `serve POLICY WORKLOAD` answers the lines described in ../README.md,
// `wasm POLICY OUT` compiles the policy for opa-wasm.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/compile"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

type workload struct {
	Compared int              `json:"compared"`
	Data     map[string]any   `json:"data"`
	Inputs   []map[string]any `json:"inputs"`
}

type decision struct {
	Effect string
	Clause string
}

func main() {
	ctx := context.Background()
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "serve":
		err = serve(ctx, os.Args[2], os.Args[3])
	case len(os.Args) == 4 && os.Args[1] == "wasm":
		err = wasm(ctx, os.Args[2], os.Args[3])
	default:
		err = fmt.Errorf("usage: opa serve POLICY WORKLOAD | opa wasm POLICY OUT")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func wasm(ctx context.Context, policy, out string) error {
	compiler := compile.New().WithTarget(compile.TargetWasm).WithPaths(policy).WithEntrypoints("decide/clause")
	if err := compiler.Build(ctx); err != nil {
		return err
	}
	return os.WriteFile(out, compiler.Bundle().WasmModules[0].Raw, 0o644)
}

func serve(ctx context.Context, policy, file string) error {
	text, err := os.ReadFile(policy)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var load workload
	if err := json.Unmarshal(raw, &load); err != nil {
		return err
	}
	// Data as values of the evaluator, so that a look-up converts nothing.
	store := inmem.NewFromObjectWithOpts(load.Data, inmem.OptReturnASTValuesOnRead(true))
	query, err := rego.New(
		rego.Query("data.decide.clause"),
		rego.Module(policy, string(text)),
		rego.Store(store),
	).PrepareForEval(ctx)
	if err != nil {
		return err
	}
	inputs := make([]ast.Value, len(load.Inputs))
	for index, input := range load.Inputs {
		if inputs[index], err = ast.InterfaceToValue(input); err != nil {
			return err
		}
	}
	decide := func(input ast.Value) (decision, error) {
		found, err := query.Eval(ctx, rego.EvalParsedInput(input))
		if err != nil {
			return decision{}, err
		}
		if len(found) == 0 {
			return decision{Effect: "deny"}, nil
		}
		clause, _ := found[0].Expressions[0].Value.(string)
		return decision{Effect: "allow", Clause: clause}, nil
	}
	say(map[string]any{"ready": true})
	at := 0
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		order, argument, _ := strings.Cut(lines.Text(), " ")
		switch order {
		case "answers":
			answers := make([]any, load.Compared)
			for index := range answers {
				answer, err := decide(inputs[index])
				if err != nil {
					return err
				}
				if answer.Effect == "allow" {
					answers[index] = answer.Clause
				}
			}
			say(map[string]any{"answers": answers})
		case "round":
			limit, err := strconv.Atoi(argument)
			if err != nil {
				return err
			}
			count, allowed, batch := 0, 0, 1
			began := time.Now()
			end := began.Add(time.Duration(limit) * time.Millisecond)
			for now := began; now.Before(end); {
				for range batch {
					answer, err := decide(inputs[at])
					if err != nil {
						return err
					}
					if answer.Effect == "allow" {
						allowed++
					}
					at = (at + 1) % len(inputs)
				}
				count += batch
				last := now
				now = time.Now()
				if now.Sub(last) < 5*time.Millisecond {
					batch *= 2
				}
			}
			say(map[string]any{"decisions": count, "allowed": allowed, "seconds": time.Since(began).Seconds()})
		default:
			return fmt.Errorf("unknown order `%s`", order)
		}
	}
	return lines.Err()
}

func say(answer map[string]any) {
	line, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}
