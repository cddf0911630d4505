import { useQuery } from '@tanstack/react-query';
import { Outlet, useSearch } from '@tanstack/react-router';
import { App, ConfigProvider } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import dayjs from 'dayjs';
import 'dayjs/locale/zh-cn';
import { useEffect, useMemo } from 'react';
import { sessionQuery } from '@/api/queries';
import { createFormat } from '@/format';
import { applyLang, useLang } from '@/i18n';
import { FormatContext } from '@/parts/context';
import { theme } from '@/theme/antd';

/** Root gives every page its language, its formats and its theme. */
export function Root() {
  const asked = useSearch({ strict: false, select: (s) => (s as { lang?: string }).lang });
  const lang = useLang();
  const { data: session } = useQuery({ ...sessionQuery, enabled: false });

  useEffect(() => {
    if (asked === 'zh' || asked === 'en') applyLang(asked);
  }, [asked]);

  useEffect(() => {
    dayjs.locale(lang === 'zh' ? 'zh-cn' : 'en');
  }, [lang]);

  const format = useMemo(
    () => createFormat({ lang, zone: session?.zone ?? 'Asia/Shanghai', currency: session?.currency ?? 'CNY' }),
    [lang, session?.zone, session?.currency],
  );

  return (
    <ConfigProvider theme={theme} locale={lang === 'zh' ? zhCN : enUS} button={{ autoInsertSpace: false }}>
      <App component={false}>
        <FormatContext.Provider value={format}>
          <Outlet />
        </FormatContext.Provider>
      </App>
    </ConfigProvider>
  );
}
