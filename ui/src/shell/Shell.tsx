import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouter, useRouterState } from '@tanstack/react-router';
import { Drawer, Dropdown } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api } from '@/api/client';
import { freshnessQuery, sessionQuery } from '@/api/queries';
import { useLang, useText } from '@/i18n';
import { useFormat, useNarrow, useOpenTitle } from '@/parts/context';
import { Icon, Logo } from '@/parts/Icon';
import { AsOfNotice } from './AsOfNotice';
import { useLive } from './live';

const places = {
  overview: { to: '/', icon: 'overview', label: 'nav.overview' },
  customers: { to: '/customers', icon: 'customers', label: 'nav.customers' },
  segments: { to: '/segments', icon: 'segments', label: 'nav.segments' },
  tiers: { to: '/tiers', icon: 'tiers', label: 'nav.tiers' },
  tags: { to: '/tags', icon: 'tags', label: 'nav.tags' },
  changes: { to: '/changes', icon: 'clock', label: 'nav.changes' },
  sources: { to: '/sources', icon: 'form', label: 'nav.sources' },
  imports: { to: '/imports', icon: 'imports', label: 'nav.imports' },
  audit: { to: '/audit', icon: 'audit', label: 'nav.audit' },
} as const;

const groups = [
  { title: null, places: [places.overview, places.customers, places.changes] },
  { title: 'nav.group.insight', places: [places.segments, places.tiers, places.tags] },
  { title: 'nav.group.data', places: [places.sources, places.imports, places.audit] },
] as const;

function NavList({ onPick }: { onPick?: () => void }) {
  const { t } = useTranslation();
  return (
    <>
      {groups.map((g) => (
        <div key={g.title ?? 'first'}>
          {g.title ? <h2>{t(g.title)}</h2> : <div style={{ height: 8 }} />}
          <ul>
            {g.places.map((p) => (
              <li key={p.to}>
                <Link to={p.to} activeOptions={{ exact: p.to === '/', includeSearch: false }} onClick={onPick}>
                  <Icon name={p.icon} />
                  {t(p.label)}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </>
  );
}

/** LangSwitch keeps the language in the address; Root keeps it for the next visit. */
export function LangSwitch() {
  const { t } = useTranslation();
  const lang = useLang();
  const navigate = useNavigate();
  const choose = (next: 'zh' | 'en') => void navigate({ to: '.', search: (prev: object) => ({ ...prev, lang: next }), replace: true } as never);
  return (
    <div className="lang" role="group" aria-label={t('shell.language')}>
      <button type="button" lang="zh-CN" aria-pressed={lang === 'zh'} onClick={() => choose('zh')}>
        <span aria-hidden="true">中</span>
        <span className="sr">中文</span>
      </button>
      <button type="button" lang="en" aria-pressed={lang === 'en'} onClick={() => choose('en')}>
        <span aria-hidden="true">EN</span>
        <span className="sr">English</span>
      </button>
    </div>
  );
}

/** Freshness says until when there are data. */
function Freshness() {
  const { t } = useTranslation();
  const f = useFormat();
  const narrow = useNarrow();
  useLive();
  const { data, isError } = useQuery(freshnessQuery);
  return (
    <span className="fresh" data-state={isError ? 'lost' : 'live'} role="status">
      <i aria-hidden="true" />
      {isError ? t('shell.lost') : data ? t(narrow ? 'shell.data_until_short' : 'shell.data_until', { at: narrow ? f.dateTimeShort(data.data_until) : f.dateTime(data.data_until) }) : ' '}
    </span>
  );
}

function AccountMenu() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const router = useRouter();
  const narrow = useNarrow();
  const { data: session } = useQuery(sessionQuery);
  if (!session) return null;
  const signOut = async () => {
    await answer(api.DELETE('/api/v1/session'));
    client.clear();
    await router.navigate({ to: '/login' });
  };
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        items: [
          { key: 'who', type: 'group', label: `${session.account} · ${session.role}` },
          { key: 'password', icon: <Icon name="lock" size={16} />, label: t('shell.password'), onClick: () => void router.navigate({ to: '/set-password' }) },
          { key: 'out', icon: <Icon name="logout" size={16} />, label: t('shell.sign_out'), onClick: () => void signOut() },
        ],
      }}
    >
      <button type="button" className="account" title={t('shell.account', { name: session.account })}>
        <span className="avatar" aria-hidden="true">
          {[...session.account][0]?.toUpperCase()}
        </span>
        <span className="sr">{t('shell.account_word')}</span>
        <span className={narrow ? 'sr' : undefined}>{session.account}</span>
      </button>
    </Dropdown>
  );
}

function Crumbs() {
  const { t } = useTranslation();
  const title = useOpenTitle();
  const path = useRouterState({ select: (s) => s.location.pathname });
  const place = Object.values(places).find((p) => (p.to === '/' ? path === '/' : path.startsWith(p.to)));
  if (!place) return null;
  const inside = path !== place.to;
  return (
    <nav aria-label={t('shell.path')} style={{ minWidth: 0 }}>
      <ol className="crumbs">
        <li>{inside ? <Link to={place.to}>{t(place.label)}</Link> : <span>{t(place.label)}</span>}</li>
        {inside ? (
          <li>
            <Icon name="right" size={14} />
            <span>{title}</span>
          </li>
        ) : null}
      </ol>
    </nav>
  );
}

const bottom = [places.overview, places.customers, places.segments, places.tiers] as const;

export function Shell() {
  const { t } = useTranslation();
  const text = useText();
  const narrow = useNarrow();
  const [open, setOpen] = useState(false);
  const { data: session } = useQuery(sessionQuery);
  const busy = useRouterState({ select: (s) => s.isLoading });
  const path = useRouterState({ select: (s) => s.location.pathname });
  const inDrawer = [places.changes, places.tags, places.sources, places.imports, places.audit].some((p) => path.startsWith(p.to));
  const business = text(session?.business);

  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t('shell.skip')}
      </a>
      {busy ? <div className="veil" aria-hidden="true" /> : null}
      <aside className="side">
        <div>
          <Link to="/" className="brand">
            <Logo />
            <span>
              Strata
              <small>{business || t('shell.tagline')}</small>
            </span>
          </Link>
          <nav className="nav" aria-label={t('shell.nav')}>
            <NavList />
          </nav>
          <div className="side-foot">{t('shell.foot')}</div>
        </div>
      </aside>
      <div style={{ minWidth: 0 }}>
        <header className="top">
          {narrow ? (
            <Link to="/" aria-label="Strata">
              <Logo size={26} />
            </Link>
          ) : (
            <Crumbs />
          )}
          <span className="spring" />
          <Freshness />
          <LangSwitch />
          <AccountMenu />
        </header>
        <main className="main" id="content">
          <AsOfNotice />
          <Outlet />
        </main>
      </div>
      <nav className="bottom" aria-label={t('shell.nav_bottom')}>
        {bottom.map((p) => (
          <Link key={p.to} to={p.to} activeOptions={{ exact: p.to === '/', includeSearch: false }}>
            <Icon name={p.icon} size={21} />
            {t(p.label)}
          </Link>
        ))}
        <button type="button" data-active={inDrawer} aria-haspopup="dialog" onClick={() => setOpen(true)}>
          <Icon name="more" size={21} />
          {t('nav.more')}
        </button>
      </nav>
      <Drawer open={open} onClose={() => setOpen(false)} placement="bottom" size="auto" title={business || 'Strata'} styles={{ body: { padding: '0 12px 24px' } }}>
        <nav className="nav" aria-label={t('shell.nav')}>
          <NavList onPick={() => setOpen(false)} />
        </nav>
      </Drawer>
    </div>
  );
}
