// Sends calls through Segment's own client: node segment.mjs URL WRITE-KEY.
// It ends with 1 where the client reports an error.
import { Analytics } from '@segment/analytics-node';

const [host = '', writeKey = ''] = process.argv.slice(2);
/** @type {string[]} */
const failures = [];
const client = new Analytics({ host, writeKey, maxEventsInBatch: 20, flushInterval: 200, maxRetries: 2 });
client.on('error', (e) => failures.push(`${e.code}: ${e.reason ?? ''}`));

const order = (/** @type {number} */ id) => ({
  userId: `user-${id}`,
  event: 'Order Completed',
  properties: {
    order_id: `order-${id}`,
    total: 59.8,
    currency: 'CNY',
    products: [
      { product_id: 'A', name: '毛肚', price: 19.9, quantity: 2 },
      { product_id: 'B', name: '虾滑', price: 20, quantity: 1 },
    ],
  },
});

client.identify({ userId: 'user-1', traits: { email: 'one@example.com', address: { city: '上海' }, createdAt: new Date('2025-05-01T00:00:00Z') } });
client.page({ userId: 'user-1', name: 'Home', properties: { path: '/', url: 'https://shop.example/' } });
client.screen({ userId: 'user-1', name: 'Cart' });
client.group({ userId: 'user-1', groupId: '粉丝群', traits: { name: '粉丝群' } });
client.alias({ userId: 'user-1', previousId: 'device-1' });
for (let i = 0; i < 150; i++) client.track(order(i));
await client.closeAndFlush({ timeout: 20_000 });
if (failures.length > 0) {
  console.error(failures.join('\n'));
  process.exit(1);
}
