// What people do with sources: add one, see what it sent and was not taken,
// add it to the catalogue, replay it, and end the key.

/** @param {Pick<import('./definitions.mjs').Stage, 'page' | 'base' | 'settled' | 'check' | 'story' | 'ask'> & {inspect: (where: string, page: import('playwright-core').Page, lang: 'zh' | 'en') => Promise<void>}} stage */
export async function sourceStories({ page, base, settled, check, story, ask, inspect }) {
  await story('a source is added, and what it sent and the catalogue lacks is replayed', async () => {
    await page.goto(`${base}/sources?lang=zh`);
    await settled(page);
    await page.getByRole('button', { name: '添加来源' }).click();
    await page.getByLabel('名称').fill('story_app');
    await page.getByRole('dialog').getByRole('button', { name: '添加来源' }).click();
    const code = page.getByRole('dialog').locator('code');
    await code.waitFor();
    const key = (await code.innerText()).trim();
    check(/^wk_[\w-]{32}$/.test(key), `the write key reads ${key}`);
    await page.getByRole('button', { name: '已复制' }).click();
    const row = page.getByRole('row').filter({ hasText: 'story_app' });
    await row.getByText('未接入').waitFor();

    const sent = await page.request.post(`${base}/v1/track`, {
      headers: { authorization: `Basic ${btoa(`${key}:`)}` },
      data: { userId: 'story-1', event: 'Spa Booked', messageId: 'story-1', properties: { minutes: 60 } },
    });
    check((await sent.json()).quarantined === 1, `the call: ${sent.status()}`);
    await page.reload();
    await settled(page);
    await row.getByText('已接入').waitFor();
    await page.getByText('"Spa Booked" is not an event of the catalogue').waitFor();
    await inspect('sources with a quarantine', page, 'zh');
    await page.getByRole('button', { name: '把 spa_booked 加入目录' }).click();
    await page.getByText('目录里没有的名称').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: /^重放第/ }).first().click();
    await page.getByText('隔离区是空的').waitFor();
    const events = await ask('/customers/story-1/events');
    check(events.items.length === 1 && events.items[0].event === 'spa_booked', `the replayed event: ${JSON.stringify(events.items)}`);

    await row.getByRole('button', { name: '吊销 story_app 的密钥' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '吊销' }).click();
    await row.getByText('已吊销').waitFor();
    const refused = await page.request.post(`${base}/v1/track`, { headers: { authorization: `Basic ${btoa(`${key}:`)}` }, data: {} });
    check(refused.status() === 401, `a revoked key: ${refused.status()}`);
  });
}
