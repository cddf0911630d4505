import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Input, Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TierDetail } from '@/api/types';
import { careQuery, reviewTier } from '@/api/tiers';
import { useText } from '@/i18n';
import { useMayPublish } from '@/parts/DefinitionLinks';
import { Card } from '@/parts/Page';
import { Bones, Failed, Loaded } from '@/parts/State';
import { useFormat } from '@/parts/context';
import './tiers.css';

/** Care is what the owner of a tier should look at: its design and its review. */
export function Care({ tier }: { tier: TierDetail }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const mayPublish = useMayPublish();
  const client = useQueryClient();
  const { message } = App.useApp();
  const query = useQuery(careQuery(tier.name));
  const [open, setOpen] = useState(false);
  const [note, setNote] = useState('');
  const review = useMutation({
    mutationFn: () => reviewTier(tier.name, note.trim()),
    onSuccess: () => {
      setOpen(false);
      setNote('');
      void message.success(t('care.reviewed'));
      void client.invalidateQueries({ queryKey: ['care', tier.name] });
      void client.invalidateQueries({ queryKey: ['reminders'] });
    },
  });
  return (
    <Card
      title={t('care.title')}
      note={t('care.note')}
      end={
        mayPublish ? (
          <Button size="small" onClick={() => setOpen(true)}>
            {t('care.review')}
          </Button>
        ) : null
      }
    >
      <Loaded query={query} bones={<Bones rows={3} />}>
        {(c) => {
          const r = c.review;
          const due = r.due_at ? t(r.overdue ? 'care.overdue' : 'care.due', { at: f.date(r.due_at) }) : t('care.no_period');
          return (
            <div className="care">
              <section>
                <h3>{t('care.design')}</h3>
                {c.notes.length === 0 ? (
                  <p className="muted">{t('care.fine')}</p>
                ) : (
                  <ul className="notes">
                    {c.notes.map((n) => (
                      <li key={`${n.kind}/${n.level ?? ''}/${n.other ?? ''}`}>{text(n.text)}</li>
                    ))}
                  </ul>
                )}
              </section>
              <section>
                <h3>{t('care.reviews')}</h3>
                <p className={r.overdue ? 'overdue' : undefined}>{due}</p>
                {r.past.length > 0 ? (
                  <ul className="notes plain">
                    {r.past.slice(0, 3).map((v) => (
                      <li key={v.at}>
                        <span className="muted">
                          {f.date(v.at)} · {v.account}
                        </span>{' '}
                        {v.note}
                      </li>
                    ))}
                  </ul>
                ) : (
                  <p className="muted">{t('care.never')}</p>
                )}
              </section>
            </div>
          );
        }}
      </Loaded>
      <Modal
        open={open}
        title={t('care.review')}
        okText={t('care.confirm')}
        cancelText={t('confirm.cancel')}
        okButtonProps={{ disabled: note.trim() === '' }}
        confirmLoading={review.isPending}
        onOk={() => review.mutate()}
        onCancel={() => setOpen(false)}
      >
        {review.isError ? <Failed error={review.error} /> : null}
        <label htmlFor="review-note">{t('care.found')}</label>
        <Input.TextArea id="review-note" rows={4} maxLength={2000} value={note} onChange={(e) => setNote(e.target.value)} />
      </Modal>
    </Card>
  );
}
