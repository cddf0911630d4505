import { Link } from '@tanstack/react-router';
import { Button, message } from 'antd';
import { useTranslation } from 'react-i18next';
import type { DefinitionRef } from '@/api/types';
import { useText } from '@/i18n';
import { Card } from './Page';

interface DefinitionProps {
  yaml: string;
  owner: string;
  purpose: string;
  uses: DefinitionRef[];
  usedBy: DefinitionRef[];
  className?: string;
}

/** Definition is how a tag, segment or tier is written, and what hangs together with it. */
export function Definition({ yaml, owner, purpose, uses, usedBy, className }: DefinitionProps) {
  const { t } = useTranslation();
  const [note, holder] = message.useMessage();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(yaml);
      void note.success(t('definition.copied'));
    } catch {
      void note.warning(t('definition.not_copied'));
    }
  };
  return (
    <Card
      title={t('definition.title')}
      className={className}
      end={
        <Button size="small" onClick={() => void copy()}>
          {t('definition.copy')}
        </Button>
      }
    >
      {holder}
      <dl className="facts inline">
        {owner ? (
          <div>
            <dt>{t('definition.owner')}</dt>
            <dd>{owner}</dd>
          </div>
        ) : null}
        {purpose ? (
          <div>
            <dt>{t('definition.purpose')}</dt>
            <dd>{purpose}</dd>
          </div>
        ) : null}
        <div>
          <dt>{t('definition.uses')}</dt>
          <dd>
            <Refs refs={uses} />
          </dd>
        </div>
        <div>
          <dt>{t('definition.used_by')}</dt>
          <dd>
            <Refs refs={usedBy} />
          </dd>
        </div>
      </dl>
      <pre className="code" tabIndex={0} aria-label="YAML">
        {yaml}
      </pre>
    </Card>
  );
}

export function Refs({ refs }: { refs: DefinitionRef[] }) {
  const { t } = useTranslation();
  const text = useText();
  if (refs.length === 0) return <span className="muted">{t('definition.nothing')}</span>;
  return (
    <span className="chips">
      {refs.map((r) => {
        const inner = (
          <>
            <span className="muted">{t(`kind.${r.kind}`)}</span>
            {text(r.title) || r.name}
          </>
        );
        const key = `${r.kind}/${r.name}`;
        if (r.kind === 'segment') return <Link key={key} className="chip" to="/segments/$name" params={{ name: r.name }}>{inner}</Link>;
        if (r.kind === 'tag') return <Link key={key} className="chip" to="/tags/$name" params={{ name: r.name }}>{inner}</Link>;
        if (r.kind === 'tier') return <Link key={key} className="chip" to="/tiers/$name" params={{ name: r.name }}>{inner}</Link>;
        return <span key={key} className="chip">{inner}</span>;
      })}
    </span>
  );
}
