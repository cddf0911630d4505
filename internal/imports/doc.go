// Package imports holds no code but the test that keeps packages within the
// import table of docs/architecture.md, clocks in cmd/ and a doc comment on
// every package.
package imports
