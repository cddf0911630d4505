import type { ThemeConfig } from 'antd';

export const font =
  '-apple-system, BlinkMacSystemFont, "Segoe UI", "PingFang SC", "HarmonyOS Sans SC", "MiSans", "Microsoft YaHei UI", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", "Helvetica Neue", Arial, sans-serif';

// The same values as the custom properties in app.css.
export const theme: ThemeConfig = {
  cssVar: { key: 'strata' },
  hashed: false,
  token: {
    fontFamily: font,
    colorPrimary: '#0d5f66',
    colorLink: '#0d5f66',
    colorLinkHover: '#0a7a80',
    colorInfo: '#0d5f66',
    colorSuccess: '#0b7a5e',
    colorError: '#b8432f',
    colorWarning: '#b26a00',
    colorText: '#17222c',
    colorTextSecondary: '#465362',
    colorTextTertiary: '#5d6a78',
    colorTextPlaceholder: '#66727f',
    colorTextDescription: '#5d6a78',
    colorBorder: '#d5dbe1',
    colorBorderSecondary: '#e7ebef',
    colorBgLayout: '#f5f6f8',
    borderRadius: 8,
    borderRadiusSM: 6,
    borderRadiusLG: 10,
    fontSize: 14,
    controlHeight: 34,
    boxShadowSecondary: '0 8px 28px rgba(20, 34, 46, 0.12), 0 2px 6px rgba(20, 34, 46, 0.06)',
    wireframe: false,
    motionDurationMid: '0.16s',
    motionDurationSlow: '0.2s',
  },
  components: {
    Button: { fontWeight: 500, primaryShadow: 'none', defaultShadow: 'none' },
    Segmented: { trackBg: '#eceff2', itemColor: '#465362' },
    Drawer: { paddingLG: 20 },
    Tooltip: { fontSize: 13 },
  },
};
