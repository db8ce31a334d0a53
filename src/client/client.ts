/** `stanzagate/client`: the gateway from TypeScript, in Node and in browsers. */
import { type CallOptions, createCalls } from './calls.ts'
import { createEvents, type EventsOptions } from './events.ts'
import { createHttp } from './http.ts'
import { operations } from './operations.ts'
import { createSocketCalls } from './socket-calls.ts'
import { createTickets, type TicketSource } from './tickets.ts'
import type { Event, Operations } from './types.ts'

export type { CallOptions } from './calls.ts'
export type { EventsOptions } from './events.ts'
export { type ProblemDocument, StanzagateProblem, type XmppError } from './problem.ts'
export type { GivenTicket, TicketSource } from './tickets.ts'
export type * from './types.ts'
export { verifyWebhook, type WebhookHeaders } from './webhook.ts'

export type OperationId = keyof Operations
export type Params<Id extends OperationId> = Operations[Id]['params']
export type Result<Id extends OperationId> = Operations[Id]['result']

type Arguments<Id extends OperationId> =
  Record<never, never> extends Params<Id> ? [params?: Params<Id>, options?: CallOptions] : [params: Params<Id>, options?: CallOptions]
type Method<Id extends OperationId> = (...given: Arguments<Id>) => Promise<Result<Id>>
type RoomName<Id = OperationId> = Id extends `${infer Room}.${string}` ? Room : never
type Room<Name extends string> = { readonly [Id in OperationId as Id extends `${Name}.${infer Verb}` ? Verb : never]: Method<Id> }
type Alone = { readonly [Id in OperationId as Id extends `${string}.${string}` ? never : Id]: Method<Id> }

/** Every operation as `client.<noun>.<verb>({…})`; `client.events({…})` reads the events of a session for as long as it lives. */
export type Client = Alone & { readonly [Name in RoomName]: Room<Name> } & {
  /** `client.call('messages.send', {…})`; rejects with a StanzagateProblem */
  call<Id extends OperationId>(id: Id, ...given: Arguments<Id>): Promise<Result<Id>>
  readonly events: (options?: EventsOptions) => AsyncGenerator<Event, void, undefined>
}

export interface ClientOptions {
  /** where the gateway is: `http://127.0.0.1:8080` */
  url: string | URL
  /** an API key, `sgk_…` */
  key?: string | undefined
  /** a session token, `sgs_…`: calls need no `session` then */
  token?: string | undefined
  /** for browsers: asks the own back end for a ticket, which opens one WebSocket; all calls go over it */
  getTicket?: TicketSource | undefined
  /** how calls go, and come to the same; events come over a WebSocket in any case. Default: HTTP where there is a key or a token */
  transport?: 'http' | 'websocket' | undefined
  /** default: the one of the platform */
  fetch?: typeof globalThis.fetch | undefined
  /** default: the one of the platform */
  WebSocket?: typeof globalThis.WebSocket | undefined
}

export function createClient(options: ClientOptions): Client {
  const { key, token = key, getTicket, WebSocket = globalThis.WebSocket } = options
  const { transport = token === undefined && getTicket ? 'websocket' : 'http' } = options
  const url = String(options.url).replace(/\/+$/, '')
  // called without the object that it came from, which browsers ask for
  const fetch = options.fetch ?? ((...given: Parameters<typeof globalThis.fetch>) => globalThis.fetch(...given))
  const http = createHttp({ url, token, fetch })
  const callHttp = createCalls(http)
  const tickets = createTickets({ getTicket, call: callHttp })
  const perSession = options.token === undefined && getTicket === undefined
  const call = transport === 'http' ? callHttp : createCalls(createSocketCalls({ url, tickets, perSession, WebSocket, http }))

  const client: Record<string, object> = {
    call: (id: OperationId, params = {}, callOptions?: CallOptions) => call(id, params, callOptions),
    events: createEvents({ url, tickets, call: callHttp, WebSocket }),
  }
  for (const id of Object.keys(operations) as OperationId[]) {
    const [noun = '', verb] = id.split('.')
    const method = (params = {}, callOptions?: CallOptions) => call(id, params, callOptions)
    client[noun] = verb === undefined ? method : Object.assign(client[noun] ?? {}, { [verb]: method })
  }
  return client as unknown as Client
}
