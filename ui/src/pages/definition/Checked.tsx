import { useTranslation } from 'react-i18next';
import type { DraftCheck, DraftDefinition, DraftProblem } from '@/api/definitions';
import { useText } from '@/i18n';
import { Icon } from '@/parts/Icon';
import { Card } from '@/parts/Page';
import { Failed } from '@/parts/State';
import { Sentence } from './DefinitionPage';

interface CheckedProps {
  className: string;
  check?: DraftCheck;
  last?: DraftCheck; // of the last text that was right
  failed: unknown;
  checking: boolean;
  show: (p: DraftProblem) => void;
  retry: () => void;
}

/** Checked says what is wrong with the text, line by line, or what it means. */
export function Checked({ className, check, last, failed, checking, show, retry }: CheckedProps) {
  const { t } = useTranslation();
  const errors = check?.errors ?? [];
  const definitions = (check?.ok ? check : last)?.definitions ?? [];
  const state = failed ? 'bad' : !check || checking ? 'busy' : errors.length > 0 ? 'bad' : 'good';
  return (
    <Card
      className={`${className} checked`}
      title={t('editor.meaning')}
      end={
        <span className={`kind ${state}`} role="status">
          {failed && !checking ? t('editor.not_checked') : state === 'busy' ? t('editor.checking') : errors.length > 0 ? t('editor.n_errors', { count: errors.length, n: errors.length }) : t('editor.no_errors')}
        </span>
      }
    >
      <div className="stack" aria-busy={false}>
        {failed ? <Failed error={failed} retry={retry} /> : null}
        {errors.length > 0 ? <Problems problems={errors} show={show} bad /> : null}
        {check?.ok && check.warnings.length > 0 ? <Problems problems={check.warnings} show={show} /> : null}
        {definitions.length > 0 ? (
          <div className={check?.ok ? 'meanings' : 'meanings old'}>
            {check && !check.ok ? <p className="muted">{t('editor.meaning_before')}</p> : null}
            {definitions.map((d) => (
              <Meaning key={`${d.kind}/${d.name}`} definition={d} />
            ))}
          </div>
        ) : errors.length === 0 && check ? (
          <p className="muted">{t('editor.nothing')}</p>
        ) : null}
      </div>
    </Card>
  );
}

function Problems({ problems, show, bad }: { problems: DraftProblem[]; show: (p: DraftProblem) => void; bad?: boolean }) {
  const { t } = useTranslation();
  return (
    <ul className={bad ? 'problems bad' : 'problems'} aria-label={t(bad ? 'editor.errors' : 'editor.warnings')}>
      {problems.map((p, i) => (
        <li key={i}>
          <Icon name="warn" size={16} />
          <div>
            <p>
              {p.line > 0 ? (
                <button type="button" className="link-button" onClick={() => show(p)}>
                  {t('editor.line', { n: p.line })}
                </button>
              ) : null}{' '}
              <span lang="en">{p.message}</span>
            </p>
            {p.hint ? (
              <p className="muted" lang="en">
                {p.hint}
              </p>
            ) : null}
            {p.path ? <code>{p.path}</code> : null}
          </div>
        </li>
      ))}
    </ul>
  );
}

function Meaning({ definition: d }: { definition: DraftDefinition }) {
  const { t } = useTranslation();
  const text = useText();
  const says = text(d.sentence);
  return (
    <section className="meaning">
      <h3>
        <span className="muted">{t(`kind.${d.kind}`)}</span> {text(d.title)}
        <span className={d.change === 'create' ? 'kind good' : d.change === 'update' ? 'kind busy' : 'kind'}>{t(`change.${d.change}`)}</span>
      </h3>
      {says ? <Sentence text={says} /> : null}
    </section>
  );
}
