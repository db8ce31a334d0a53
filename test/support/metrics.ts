/** The Prometheus text format, as a scraper reads it. */

export interface Sample {
  /** without the prefix `stanzagate_` */
  name: string
  labels: Readonly<Record<string, string>>
  value: number
}

export function samplesOf(text: string): Sample[] {
  return [...text.matchAll(/^(?:stanzagate_)?(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = '', labels = '', value]) => ({
    name,
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', told = '']) => [label, told])),
    value: Number(value),
  }))
}

/** Over all samples of that name whose labels include these; 0 where there is none. */
export function sumOf(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  return samples
    .filter((sample) => sample.name === name && Object.entries(labels).every(([label, told]) => sample.labels[label] === told))
    .reduce((sum, { value }) => sum + value, 0)
}
