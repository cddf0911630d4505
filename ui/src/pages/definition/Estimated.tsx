import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Estimate } from '@/api/definitions';
import { useText } from '@/i18n';
import { Card } from '@/parts/Page';
import { useFormat } from '@/parts/context';

/** Estimated is about how many a text would hold, while the exact numbers are computed. */
export function Estimated({ estimate: e, cancel }: { estimate: Estimate; cancel: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  return (
    <Card
      className="preview"
      title={
        <>
          {t('preview.title')} <span className={e.exact ? 'kind good' : 'kind busy'}>{t(e.exact ? 'preview.exact' : 'preview.estimate')}</span>
        </>
      }
      note={e.exact ? undefined : t('preview.sampled', { n: f.count(e.sample), all: f.count(e.customers) })}
      end={<Button onClick={cancel}>{t('preview.cancel')}</Button>}
    >
      <div className="stack">
        <div className="plan">
          {e.definitions.map((d) => (
            <section className="plan-item" key={`${d.kind}/${d.name}`}>
              <h3>
                <span className="muted">{t(`kind.${d.kind}`)}</span> {text(d.title)}
              </h3>
              <dl className="plan-counts">
                <div>
                  <dt>{t(`preview.count.${d.kind}`)}</dt>
                  <dd className="num">
                    <b>{e.exact ? f.count(d.count) : t('preview.about', { n: f.count(d.count) })}</b>
                  </dd>
                </div>
                <div>
                  <dt>{t('preview.share')}</dt>
                  <dd className="num">{f.share(d.share)}</dd>
                </div>
                {e.exact ? null : (
                  <div>
                    <dt>{t('preview.interval')}</dt>
                    <dd className="num">
                      {f.count(d.low)} – {f.count(d.high)}
                    </dd>
                  </div>
                )}
              </dl>
            </section>
          ))}
        </div>
        <p className="muted" role="status">
          {t('preview.computing')}
        </p>
      </div>
    </Card>
  );
}
