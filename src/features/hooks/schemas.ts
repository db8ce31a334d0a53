/** Hooks as callers give and see them. */
import { z } from 'zod'
import { jid } from '../../codec/scalars.ts'
import { hookFormats } from '../../gateway/ports/hook.ts'
import { templateFault } from './template.ts'

/** characters of a name, and of a template */
const NAME_MAX = 200
const TEMPLATE_MAX = 10_000

const name = z.string().min(1).max(NAME_MAX).meta({ description: 'For people', example: 'alerts' })
const session = z.string().min(1).max(3071).meta({ description: 'Session id, bare JID or full JID: who says it' })
const to = jid.schema.meta({ description: 'A person, or a room that the session is in' })
const format = z
  .enum(hookFormats)
  .meta({ description: 'What the other service sends: `text` as it is, `json` of any kind, or what that product sends' })
const template = z
  .string()
  .min(1)
  .max(TEMPLATE_MAX)
  .superRefine((text, context) => {
    const message = templateFault(text)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })
  .meta({
    description: 'Mustache over the body, without HTML escapes: what is said in place of the usual words',
    example: '{{title}}: {{url}}',
  })

export const newHook = z
  .strictObject({ name, session: session.optional(), to, format, template: template.optional() })
  .meta({ id: 'NewHook' })

export const hookChange = z
  .strictObject({
    name: name.optional(),
    session: session.optional(),
    to: to.optional(),
    format: format.optional(),
    template: template.nullable().optional(),
  })
  .meta({ id: 'HookChange' })

export const hook = z
  .object({
    id: z.string(),
    name: z.string(),
    session: z.string(),
    to: z.string(),
    format: z.enum(hookFormats),
    template: z.string().optional(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Hook' })

export const createdHook = hook
  .extend({ url: z.string().meta({ description: 'What the other service calls. It has the token, and is shown this once' }) })
  .meta({ id: 'CreatedHook' })
