import type { Stats } from '../client/client.ts'
import type { Account } from './account.ts'
import { ageOf } from './shown.ts'
import { usePolled } from './use-polled.ts'

/** ms between looks */
const EACH = 5_000

type Figure = readonly [what: string, count: number, more?: string | undefined]

/** The gateway in numbers. */
export function Overview({ account }: { account: Account }) {
  const { value } = usePolled((signal) => account.client.stats.get({}, { signal }), { each: EACH, key: '' })
  if (value === undefined) return null
  return (
    <dl class="numbers">
      {figuresOf(value).map(([what, count, more]) => (
        <div key={what}>
          <dt>{what}</dt>
          <dd>
            {count.toLocaleString()} {more && <span class="warning">{more}</span>}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function figuresOf({ instances, sessions, outbox, streams, webhooks }: Stats): Figure[] {
  const leaving = instances.filter((one) => one.leaving).length
  const figures: Figure[] = [
    ['Instances', instances.length, leaving > 0 ? `${leaving} leaving` : undefined],
    ['Accounts', sessions.total],
    ['Waiting to be sent', outbox.length, outbox.oldest && `since ${ageOf(outbox.oldest)}`],
    ['Readers of events', streams.websocket + streams.sse],
  ]
  // who has none looks at fewer numbers
  if (webhooks.total > 0) figures.push(['Webhooks', webhooks.total, webhooks.failing > 0 ? `${webhooks.failing} failing` : undefined])
  return figures
}
