/** What nodes are configured with, by plain names. */
import { z } from 'zod'
import { notKnown } from '../../api/known-members.ts'
import type { PlainNames } from '../form-values.ts'

const accessModels = ['open', 'presence', 'roster', 'authorize', 'whitelist'] as const
const sending = ['never', 'on_sub', 'on_sub_and_presence'] as const

/** XEP-0060 section 16.4.4 */
export const plainNames = {
  accessModel: 'pubsub#access_model',
  maxItems: 'pubsub#max_items',
  persistItems: 'pubsub#persist_items',
  sendLastPublishedItem: 'pubsub#send_last_published_item',
  notifyRetract: 'pubsub#notify_retract',
  title: 'pubsub#title',
} as const satisfies PlainNames

const value = z.union([z.string(), z.boolean(), z.number(), z.array(z.string())])
const known = Object.keys(plainNames)

export const configuration = z
  .object({
    accessModel: z.enum(accessModels).optional(),
    maxItems: z.union([z.int().min(0), z.literal('max')]).optional(),
    persistItems: z.boolean().optional(),
    sendLastPublishedItem: z.enum(sending).optional(),
    notifyRetract: z.boolean().optional(),
    title: z.string().optional(),
  })
  .catchall(value)
  .superRefine((given, context) => {
    for (const name of Object.keys(given))
      if (!known.includes(name) && !name.includes('#')) context.addIssue({ code: 'custom', path: [name], message: notKnown(name, known) })
  })
  .meta({ id: 'NodeConfiguration', description: 'Options by plain names; others by their own, like `pubsub#deliver_payloads`' })

export type Configuration = Readonly<Record<string, z.infer<typeof value> | undefined>>
