import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { ChangeInfo, MoveInfo } from '@/api/types';
import { useText } from '@/i18n';
import { Icon } from './Icon';
import { LevelChip } from './Level';
import { useFormat } from './context';
import './changes.css';

const pageOf = { segment: '/segments/$name', tier: '/tiers/$name', tag: '/tags/$name' } as const;

/** Move says what one definition's answer was and is. */
function Move({ move: m, named }: { move: MoveInfo; named: boolean }) {
  const { t } = useTranslation();
  const text = useText();
  const title = named ? (
    <Link to={pageOf[m.kind]} params={{ name: m.name }}>
      {text(m.title)}
    </Link>
  ) : null;
  if (m.kind === 'segment') {
    return (
      <li>
        <span className={m.how === 'entered' ? 'kind good' : 'kind bad'}>{t(m.how === 'entered' ? 'changes.entered' : 'changes.left')}</span>
        {title}
      </li>
    );
  }
  return (
    <li>
      {title}
      <span className="change-values">
        {m.kind === 'tier' ? <LevelChip id={m.from_level ?? '-'} name={m.from} small /> : <span className="num muted">{text(m.from)}</span>}
        <Icon name="arrow" size={14} />
        <span className="sr">{t('preview.to')}</span>
        {m.kind === 'tier' ? <LevelChip id={m.to_level ?? '-'} name={m.to} small /> : <b className="num">{text(m.to)}</b>}
      </span>
    </li>
  );
}

type Change = Pick<ChangeInfo, 'at' | 'cause' | 'moves'> & Partial<Pick<ChangeInfo, 'number' | 'customer'>>;

interface ListProps {
  label: string;
  items: Change[];
  named?: boolean; // each move names its definition
}

/** ChangeList is what changed, when and why, and for whom where that is not the same for all. */
export function ChangeList({ label, items, named = true }: ListProps) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <ul className="rows changes" aria-label={label}>
      {items.map((c, i) => (
        <li key={c.number ?? `${c.at}/${i}`}>
          <time dateTime={c.at} className="muted num">
            {f.dateTimeShort(c.at)}
          </time>
          <div className="change-what">
            {c.customer ? (
              <Link to="/customers/$id" params={{ id: c.customer.id }} className="change-who">
                {c.customer.name || c.customer.id}
                {c.customer.name ? <small className="muted num">{c.customer.id}</small> : null}
              </Link>
            ) : null}
            <ul>
              {c.moves.map((m) => (
                <Move key={`${m.kind}/${m.name}`} move={m} named={named} />
              ))}
            </ul>
          </div>
          <small className="muted">{t(`cause.${c.cause}`)}</small>
        </li>
      ))}
    </ul>
  );
}
