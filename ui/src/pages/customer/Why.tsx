import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Drawer } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Reason } from '@/api/types';
import { reasonQuery, type ReasonKind } from '@/api/queries';
import { useText } from '@/i18n';
import { Icon } from '@/parts/Icon';
import { Bones, Loaded } from '@/parts/State';
import { useFormat, useNarrow } from '@/parts/context';
import { EventRow } from './Timeline';

export interface Asked {
  kind: ReasonKind;
  name: string;
}

/** askedOf reads `kind.name` of the address; undefined where it names nothing. */
export function askedOf(text: string | undefined): Asked | undefined {
  const [, kind, name] = /^(tag|segment|tier)\.(.+)$/.exec(text ?? '') ?? [];
  return kind && name ? { kind: kind as ReasonKind, name } : undefined;
}

export function WhyButton({ ask, subject, children }: { ask: () => void; subject: string; children?: string }) {
  const { t } = useTranslation();
  return (
    <button type="button" className="link-button" onClick={ask} aria-haspopup="dialog">
      <Icon name="why" size={15} />
      {children ?? t('why.ask')}
      <span className="sr">{subject}</span>
    </button>
  );
}

interface WhyProps {
  customer: string;
  customerName: string;
  asked: Asked | undefined;
  title: string;
  asOf?: string;
  close: () => void;
}

const pages = { tag: '/tags/$name', segment: '/segments/$name', tier: '/tiers/$name' } as const;

/** Why opens the reasons behind a tag's value, a segment or a level. */
export function Why({ customer, customerName, asked, title, asOf, close }: WhyProps) {
  const { t } = useTranslation();
  const narrow = useNarrow();
  return (
    <Drawer
      open={!!asked}
      onClose={close}
      size={narrow ? '88%' : 560}
      placement={narrow ? 'bottom' : 'right'}
      destroyOnHidden
      title={t(asked?.kind === 'tag' ? 'why.title_tag' : 'why.title', { name: customerName, what: title })}
      extra={
        asked ? (
          <Link to={pages[asked.kind]} params={{ name: asked.name }} className="link-button">
            {t('why.definition')}
          </Link>
        ) : null
      }
    >
      {asked ? <Tree customer={customer} asked={asked} asOf={asOf} /> : null}
    </Drawer>
  );
}

function Tree({ customer, asked, asOf }: { customer: string; asked: Asked; asOf?: string }) {
  const query = useQuery(reasonQuery(customer, asked.kind, asked.name, asOf));
  return (
    <Loaded query={query} bones={<Bones rows={6} />}>
      {(reason) => (
        <ol className="reasons">
          <Node reason={reason} depth={0} />
        </ol>
      )}
    </Loaded>
  );
}

/** plainer leaves out a step that only says again what stands above it. */
function plainer(reason: Reason): Reason {
  const [only, ...more] = reason.parts ?? [];
  if (!only || more.length > 0 || only.sentence.zh !== reason.sentence.zh) return reason;
  return plainer({ ...reason, ...only });
}

// Below this depth the steps are folded.
const FOLDED = 2;

function Node({ reason: given, depth }: { reason: Reason; depth: number }) {
  const reason = plainer(given);
  const top = depth === 0;
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const found = text(reason.found_text) || reason.found;
  const truth = reason.true === undefined ? 'value' : reason.true ? 'yes' : 'no';
  return (
    <li className={`reason ${truth} ${top ? 'root' : ''}`}>
      <div className="reason-line">
        <i>
          <Icon name={truth === 'yes' ? 'check' : truth === 'no' ? 'cross' : 'dot'} size={14} />
        </i>
        <div>
          <p>
            {truth === 'value' ? null : <span className="sr">{t(truth === 'yes' ? 'why.true' : 'why.false')} </span>}
            {text(reason.sentence)}
          </p>
          {found ? (
            <p className="found">
              <span>{t('why.found')}</span> <b className="num">{found}</b>
            </p>
          ) : null}
          {reason.next_at ? (
            <p className="next">
              <Icon name="clock" size={14} />
              {t('why.next', { at: f.dateTime(reason.next_at) })}
            </p>
          ) : null}
          {reason.events && reason.events.length > 0 ? (
            <details className="behind" open={top && !reason.parts?.length}>
              <summary>{t('why.events', { count: reason.events.length, n: f.count(reason.events.length) })}</summary>
              <ol>
                {reason.events.map((e, i) => (
                  <EventRow key={`${e.source}/${e.id}/${i}`} event={e} dated />
                ))}
              </ol>
            </details>
          ) : null}
        </div>
      </div>
      {reason.parts && reason.parts.length > 0 ? (
        depth < FOLDED ? (
          <Parts parts={reason.parts} depth={depth + 1} />
        ) : (
          <details className="folded">
            <summary>{t('why.steps', { count: reason.parts.length, n: f.count(reason.parts.length) })}</summary>
            <Parts parts={reason.parts} depth={depth + 1} />
          </details>
        )
      ) : null}
    </li>
  );
}

function Parts({ parts, depth }: { parts: Reason[]; depth: number }) {
  return (
    <ol>
      {parts.map((p, i) => (
        <Node key={i} reason={p} depth={depth} />
      ))}
    </ol>
  );
}
