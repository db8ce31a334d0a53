import { type Signal, signal } from '@preact/signals'

export interface Repaint {
  /** read where the state is shown: it changes once a frame, however much happens in it */
  readonly version: Signal<number>
  /** says that the state has changed */
  changed(): void
}

/** Draws many changes of a state together into one of what is shown. */
export function createRepaint(): Repaint {
  const version = signal(0)
  let isDue = false
  return {
    version,
    changed() {
      if (isDue) return
      isDue = true
      // a page in the background has no frames
      const later = document.hidden ? (paint: () => void) => setTimeout(paint, 250) : requestAnimationFrame
      later(() => {
        isDue = false
        version.value += 1
      })
    },
  }
}
