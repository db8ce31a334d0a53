import { signal } from '@preact/signals'
import { render } from 'preact'

const words = signal('The console is on its way.')
render(<p>{words}</p>, document.getElementById('console')!)
