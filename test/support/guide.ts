/** The lines of a guide that configure a server, for a component of a test's. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/components.md'), 'utf8')
const shown = { name: 'bots.example.com', secret: 'a-plague-o-both-your-houses' }

function lines(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(guide)?.[1]
  if (found === undefined) throw new Error(`The guide of components has no ${language}.`)
  return found
}

const replaced = (text: string, { name, secret }: typeof shown) => text.replaceAll(shown.name, name).replaceAll(shown.secret, secret)

export const prosodyComponent = (component: typeof shown): string => replaced(lines('lua'), component)

/** the listener of components; the guide's port is the usual one */
export function ejabberdListener(components: Readonly<Record<string, string>>, port: number): object[] {
  return Object.entries(components)
    .slice(0, 1)
    .map(([name, secret]) => {
      const { listen } = parse(replaced(lines('yaml'), { name, secret })) as { listen: [{ hosts: Record<string, object> }] }
      const others = Object.entries(components).map(([host, password]) => [host, { password }])
      return { ...listen[0], port, hosts: { ...Object.fromEntries(others), ...listen[0].hosts } }
    })
}
