import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Select } from 'antd';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { CustomerDetail, EventInfo } from '@/api/types';
import { eventsQuery } from '@/api/queries';
import { dayOf } from '@/format';
import { useText } from '@/i18n';
import { Icon } from '@/parts/Icon';
import { Card } from '@/parts/Page';
import { Bones, Empty, Failed } from '@/parts/State';
import { useFormat } from '@/parts/context';
import { eventIcon, eventLine } from './events';

interface TimelineProps {
  customer: CustomerDetail;
  event?: string;
  onEvent: (event: string | undefined) => void;
}

/** Timeline is what a customer did, newest first, by civil day. */
export function Timeline({ customer, event, onEvent }: TimelineProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const query = useInfiniteQuery(eventsQuery(customer.id, event));
  const days = useMemo(() => {
    const out: { day: string; events: EventInfo[] }[] = [];
    for (const e of query.data?.pages.flatMap((p) => p.items) ?? []) {
      const day = dayOf(e.at);
      const last = out[out.length - 1];
      if (last?.day === day) last.events.push(e);
      else out.push({ day, events: [e] });
    }
    return out;
  }, [query.data]);
  const shown = days.reduce((n, d) => n + d.events.length, 0);
  const total = event ? (customer.event_counts.find((c) => c.event === event)?.count ?? shown) : customer.events_total;

  return (
    <Card
      title={t('customer.timeline')}
      note={t('customer.timeline_note', { n: f.count(total) })}
      end={
        <Select
          aria-label={t('customer.event_filter')}
          placeholder={t('customer.event_filter')}
          allowClear
          popupMatchSelectWidth={false}
          style={{ minWidth: 150 }}
          value={event ?? null}
          options={customer.event_counts.map((c) => ({ value: c.event, label: `${text(c.title)} (${f.count(c.count)})` }))}
          onChange={(v: string | null) => onEvent(v ?? undefined)}
        />
      }
    >
      {query.isPending ? (
        <Bones rows={8} height={18} />
      ) : query.isError && days.length === 0 ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : days.length === 0 ? (
        <Empty title={t('customer.no_events')} icon="clock" />
      ) : (
        <>
          <ol className="timeline">
            {days.map((d) => (
              <li key={d.day}>
                <h3>
                  {f.date(d.day)} <span>{f.weekday(d.day)}</span>
                </h3>
                <ol>
                  {d.events.map((e, i) => (
                    <EventRow key={`${e.source}/${e.id}/${e.event}/${i}`} event={e} />
                  ))}
                </ol>
              </li>
            ))}
          </ol>
          {query.hasNextPage ? (
            <Button block loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {t('customer.more_events', { shown: f.count(shown), n: f.count(total) })}
            </Button>
          ) : (
            <p className="timeline-end">{t('customer.first_event', { at: f.dateTime(customer.first_event_at) })}</p>
          )}
        </>
      )}
    </Card>
  );
}

export function EventRow({ event, dated }: { event: EventInfo; dated?: boolean }) {
  const { t } = useTranslation();
  const f = useFormat();
  const text = useText();
  const line = eventLine(event, f);
  return (
    <li className="event">
      <details>
        <summary>
          <time className="num" dateTime={event.at}>
            {dated ? f.dateTimeShort(event.at) : f.time(event.at)}
          </time>
          <i aria-hidden="true">
            <Icon name={eventIcon(event.event)} size={15} />
          </i>
          <span>
            <b>{text(event.title)}</b>
            {line.money ? <b className="num money"> {line.money}</b> : null}
            {line.words.map((w, i) => (
              <span key={i} className="muted">
                {' · '}
                {w.title ? `${text(w.title)} ` : ''}
                {w.value}
              </span>
            ))}
          </span>
        </summary>
        <dl className="pairs">
          {line.details.map((d, i) => (
            <Pair key={i} name={text(d.title)} value={d.value} />
          ))}
          <Pair name={t('customer.event_at')} value={f.dateTime(event.at)} />
          <Pair name={t('customer.source')} value={event.source} />
          {event.id ? <Pair name={t('customer.event_id')} value={event.id} /> : null}
        </dl>
      </details>
    </li>
  );
}

function Pair({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
