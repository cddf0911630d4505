import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, redirect, retainSearchParams } from '@tanstack/react-router';
import { ApiError } from './api/client';
import { sessionQuery } from './api/queries';
import { PageBones } from './parts/State';
import { Missing, PageFailed } from './shell/Missing';
import { Root } from './shell/Root';
import { Shell } from './shell/Shell';

type Search = Record<string, unknown>;

/** texts keeps the named parameters that are there as text; the state of a page is in its address. */
const texts =
  <K extends string>(...names: K[]) =>
  (search: Search): { [P in K]?: string } => {
    const out: { [P in K]?: string } = {};
    for (const name of names) {
      const value = search[name];
      if (typeof value === 'string' && value !== '') out[name] = value;
    }
    return out;
  };

const root = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Root,
  notFoundComponent: Missing,
  // The language, and a past day that is looked at, stay while one goes from page to page.
  validateSearch: texts('lang', 'as_of'),
  search: { middlewares: [retainSearchParams(['lang', 'as_of'])] },
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: texts('next', 'sign_in_link'),
  component: lazyRouteComponent(() => import('./pages/sign-in/SignIn'), 'SignIn'),
});

const setPassword = createRoute({
  getParentRoute: () => root,
  path: '/set-password',
  component: lazyRouteComponent(() => import('./pages/sign-in/SetPassword'), 'SetPassword'),
});

const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  component: Shell,
  errorComponent: PageFailed,
  pendingComponent: PageBones,
  beforeLoad: async ({ context, location }) => {
    let session;
    try {
      session = await context.client.ensureQueryData(sessionQuery);
    } catch (e) {
      if (e instanceof ApiError && e.status === 401) {
        // A sign-in link that is no good any more leads here with a word of it.
        const refused = (location.search as Search)['sign_in_link'] === 'refused';
        throw redirect({ to: '/login', search: refused ? { sign_in_link: 'refused' } : location.href === '/' ? {} : { next: location.href } });
      }
      throw e;
    }
    if (session.must_set_password) throw redirect({ to: '/set-password' });
    return { session };
  },
});

const overview = createRoute({
  getParentRoute: () => app,
  path: '/',
  validateSearch: texts('as_of', 'tier'),
  component: lazyRouteComponent(() => import('./pages/overview/Overview'), 'Overview'),
});

const customers = createRoute({
  getParentRoute: () => app,
  path: '/customers',
  validateSearch: texts('search', 'segment', 'tier', 'level', 'moved_from', 'moved_to', 'since', 'cuts', 'tag', 'value', 'as_of', 'cursor', 'page'),
  component: lazyRouteComponent(() => import('./pages/customers/Customers'), 'Customers'),
});

const customer = createRoute({
  getParentRoute: () => app,
  path: '/customers/$id',
  validateSearch: texts('event', 'why'),
  component: lazyRouteComponent(() => import('./pages/customer/Customer'), 'Customer'),
});

const segments = createRoute({
  getParentRoute: () => app,
  path: '/segments',
  validateSearch: texts('search', 'sort'),
  component: lazyRouteComponent(() => import('./pages/segments/Segments'), 'Segments'),
});

const segment = createRoute({
  getParentRoute: () => app,
  path: '/segments/$name',
  validateSearch: texts('cursor', 'page'),
  component: lazyRouteComponent(() => import('./pages/segments/Segment'), 'Segment'),
});

// Names have no hyphen, so new-segment is never one.
const newSegment = createRoute({
  getParentRoute: () => app,
  path: '/segments/new-segment',
  component: lazyRouteComponent(() => import('./pages/definition/Editor'), 'NewSegment'),
});

const segmentDefinition = createRoute({
  getParentRoute: () => app,
  path: '/segments/$name/definition',
  validateSearch: texts('why'),
  component: lazyRouteComponent(() => import('./pages/definition/DefinitionPage'), 'SegmentDefinition'),
});

const editSegment = createRoute({
  getParentRoute: () => app,
  path: '/segments/$name/edit',
  component: lazyRouteComponent(() => import('./pages/definition/Editor'), 'EditSegment'),
});

const tags = createRoute({
  getParentRoute: () => app,
  path: '/tags',
  validateSearch: texts('class', 'search'),
  component: lazyRouteComponent(() => import('./pages/tags/Tags'), 'Tags'),
});

const tag = createRoute({
  getParentRoute: () => app,
  path: '/tags/$name',
  component: lazyRouteComponent(() => import('./pages/tags/Tag'), 'Tag'),
});

const newTag = createRoute({
  getParentRoute: () => app,
  path: '/tags/new-tag',
  component: lazyRouteComponent(() => import('./pages/definition/Editor'), 'NewTag'),
});

const tagDefinition = createRoute({
  getParentRoute: () => app,
  path: '/tags/$name/definition',
  validateSearch: texts('why'),
  component: lazyRouteComponent(() => import('./pages/definition/DefinitionPage'), 'TagDefinition'),
});

const editTag = createRoute({
  getParentRoute: () => app,
  path: '/tags/$name/edit',
  component: lazyRouteComponent(() => import('./pages/definition/Editor'), 'EditTag'),
});

const tiers = createRoute({
  getParentRoute: () => app,
  path: '/tiers',
  component: lazyRouteComponent(() => import('./pages/tiers/Tiers'), 'Tiers'),
});

const tier = createRoute({
  getParentRoute: () => app,
  path: '/tiers/$name',
  validateSearch: texts('from', 'to', 'as_of', 'cuts'),
  component: lazyRouteComponent(() => import('./pages/tiers/Tier'), 'Tier'),
});

const newTier = createRoute({
  getParentRoute: () => app,
  path: '/tiers/new-tier',
  component: lazyRouteComponent(() => import('./pages/definition/Editor'), 'NewTier'),
});

const tierDefinition = createRoute({
  getParentRoute: () => app,
  path: '/tiers/$name/definition',
  validateSearch: texts('why'),
  component: lazyRouteComponent(() => import('./pages/definition/DefinitionPage'), 'TierDefinition'),
});

const editTier = createRoute({
  getParentRoute: () => app,
  path: '/tiers/$name/edit',
  component: lazyRouteComponent(() => import('./pages/definition/Editor'), 'EditTier'),
});

const imports = createRoute({
  getParentRoute: () => app,
  path: '/imports',
  validateSearch: texts('refused'),
  component: lazyRouteComponent(() => import('./pages/imports/Imports'), 'Imports'),
});

const sources = createRoute({
  getParentRoute: () => app,
  path: '/sources',
  component: lazyRouteComponent(() => import('./pages/sources/Sources'), 'Sources'),
});

const audit = createRoute({
  getParentRoute: () => app,
  path: '/audit',
  component: lazyRouteComponent(() => import('./pages/audit/Audit'), 'Audit'),
});

const changes = createRoute({
  getParentRoute: () => app,
  path: '/changes',
  validateSearch: texts('of'),
  component: lazyRouteComponent(() => import('./pages/changes/Changes'), 'Changes'),
});

const tree = root.addChildren([
  signIn,
  setPassword,
  app.addChildren([
    overview,
    customers,
    customer,
    segments,
    segment,
    newSegment,
    segmentDefinition,
    editSegment,
    tags,
    tag,
    newTag,
    tagDefinition,
    editTag,
    tiers,
    tier,
    newTier,
    tierDefinition,
    editTier,
    imports,
    sources,
    changes,
    audit,
  ]),
]);

export const createConsoleRouter = (client: QueryClient) =>
  createRouter({
    routeTree: tree,
    context: { client },
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    defaultPendingMs: 200,
    defaultPendingComponent: PageBones,
    scrollRestoration: true,
    // Parameters are text as it stands in the address: a number in a search
    // field stays the text that was typed.
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(search)) {
        if (typeof value === 'string' && value !== '') query.set(name, value);
      }
      const text = query.toString();
      return text ? `?${text}` : '';
    },
  });

export type ConsoleRouter = ReturnType<typeof createConsoleRouter>;

declare module '@tanstack/react-router' {
  interface Register {
    router: ConsoleRouter;
  }
}
