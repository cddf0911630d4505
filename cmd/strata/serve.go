package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"strata"
	"strata/registry"
	"strata/server"
	"strata/ui"
)

// linkLasts is how long a sign-in link can be used.
const linkLasts = 24 * time.Hour

// firstAccount is the account of a business that has none.
const firstAccount = "admin"

func (c *call) serveCommand() *cobra.Command {
	var address string
	var signIn bool
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve the console and the API", Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if c.shared != nil {
				return &strata.Error{Code: strata.Conflict, Field: "--data", Message: "a server already holds this data directory", Hint: "stop it first, or serve another directory"}
			}
			return c.with(func(ctx context.Context, b *business, _ []string) error {
				return c.serve(ctx, b, address, signIn)
			})(cmd, args)
		},
	}
	cmd.Flags().StringVar(&address, "address", "127.0.0.1:8080", "`host:port` to listen on")
	cmd.Flags().BoolVar(&signIn, "sign-in", false, "print a one-time sign-in link for the account "+firstAccount)
	return cmd
}

func (c *call) serve(ctx context.Context, b *business, address string, signIn bool) (err error) {
	console, err := ui.Dist()
	if err != nil {
		return err
	}
	name, err := b.registry.Business(ctx)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(c.stderr, nil))
	s, err := server.New(server.Options{
		Engine: b.engine, Live: b.live, Definitions: b.registry, Timeline: b.store, Identity: b.people,
		Accounts: accounts{b.registry}, Links: accounts{b.registry}, Sessions: b.registry.Sessions(c.now),
		Audit: audit{b.registry}, Pins: pins{b.registry}, Imports: imports{b}, Publisher: b.publisher, Versions: versions{b.registry}, Schedules: schedules{definitions{b.registry}, new(sync.Mutex)}, Collector: collector{b, c.now},
		Sources: sources{b, c.now}, WriteKeys: sources{b, c.now}, Quarantine: quarantine{b, c.now}, Proposals: quarantine{b, c.now},
		Erasures: erasures{b}, Outgoing: outgoing{b}, Watching: watching{b.registry},
		Now: c.now, Console: console, Business: server.Text2(name), Version: version, Logger: logger,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return &strata.Error{Code: strata.Unavailable, Field: "--address", Message: "cannot listen on " + address, Hint: "is another program using it? choose another with --address", Cause: err}
	}
	closeSocket, err := listen(ctx, b, c.now)
	if err != nil {
		listener.Close()
		return err
	}
	defer closeSocket()
	if _, err := b.ensureAccount(ctx, c.instant()); err != nil {
		listener.Close()
		return err
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { b.live.Run(life, c.instant) })
	running.Go(func() { b.keepCalibrated(life, c.instant, logger) })
	defer running.Wait()
	defer end()
	s.Start(listener)
	base := "http://" + listener.Addr().String()
	fmt.Fprintf(c.stdout, "Strata serves %s\n", base)
	if held, err := b.registry.Outgoing(ctx); err != nil {
		return err
	} else if held != nil {
		fmt.Fprintf(c.stdout, "Nothing goes out to customers and staff since the restore at %s; look things through, then run `strata resume`\n", b.show(held.Since))
	}
	if signIn {
		link, err := b.signInLink(ctx, base, firstAccount, c.instant())
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "Sign in once with this link (24 hours): %s\n", link)
	}
	select {
	case <-ctx.Done():
	case <-s.Done():
		err = &strata.Error{Code: strata.Unavailable, Message: "the server stopped listening"}
	case <-b.store.Failed(): // whoever watches over the process starts it again
		logger.Error("the log of the data directory cannot be written; ending")
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, s.Stop(grace))
}

// ensureAccount makes the first account where there is none.
func (b *business) ensureAccount(ctx context.Context, at strata.Instant) (created bool, err error) {
	all, err := b.registry.Accounts(ctx)
	if err != nil || len(all) > 0 {
		return false, err
	}
	_, err = b.registry.CreateAccount(ctx, firstAccount, registry.Owner, at)
	return err == nil, err
}

func (b *business) signInLink(ctx context.Context, base, account string, at strata.Instant) (string, error) {
	token, err := b.registry.CreateSignInLink(ctx, account, at, at+strata.Instant(linkLasts/time.Millisecond))
	if err != nil {
		return "", err
	}
	return base + "/sign-in?token=" + url.QueryEscape(token), nil
}

func (c *call) signInCommand() *cobra.Command {
	var base, account string
	cmd := &cobra.Command{
		Use: "sign-in", Short: "Print a one-time sign-in link", Args: exactly(0, "no arguments"),
		RunE: c.withData(func(ctx context.Context, b *business, _ []string) error {
			if _, err := b.ensureAccount(ctx, c.instant()); err != nil {
				return err
			}
			link, err := b.signInLink(ctx, base, account, c.instant())
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]string{"link": link})
			}
			fmt.Fprintln(c.stdout, link)
			return nil
		}),
	}
	cmd.Flags().StringVar(&base, "url", "http://127.0.0.1:8080", "`URL` at which the console is reached")
	cmd.Flags().StringVar(&account, "account", firstAccount, "the `account` to sign in as")
	return cmd
}
