{{- define "stanzagate.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "stanzagate.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "stanzagate.labels" -}}
{{ include "stanzagate.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "stanzagate.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "stanzagate.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- /* A quantity of memory as Kubernetes writes it (1Gi, 1.5Gi, 2G, 1073741824, 1e9), in whole MiB. */ -}}
{{- define "stanzagate.mebibytes" -}}
{{- $text := toString . -}}
{{- $unit := regexFind "[A-Za-z]+$" $text -}}
{{- $number := trimSuffix $unit $text -}}
{{- $factors := dict "" 1.0 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 -}}
{{- if not (and (hasKey $factors $unit) (regexMatch "^[0-9]+(\\.[0-9]*)?([eE][+-]?[0-9]+)?$" $number)) -}}
{{- fail (printf "resources.limits.memory (%s) is not a quantity like 1Gi or 1500M" $text) -}}
{{- end -}}
{{- divf (mulf (float64 $number) (get $factors $unit)) 1048576 | floor | int64 -}}
{{- end -}}

{{- /* What Node is told of the memory limit: seven tenths are the heap, the rest is for sockets, TLS, buffers and the program itself. */ -}}
{{- define "stanzagate.heap" -}}
{{- $limit := include "stanzagate.mebibytes" . | int64 -}}
{{- if lt $limit 192 -}}
{{- fail (printf "resources.limits.memory (%s) is too little: a gateway needs 192Mi at least" (toString .)) -}}
{{- end -}}
{{- $young := ternary 32 16 (ge $limit 1024) -}}
{{- printf "--max-old-space-size=%d --max-semi-space-size=%d" (sub (div (mul $limit 7) 10) (mul $young 3)) $young -}}
{{- end -}}

{{- /* NODE_OPTIONS of extraEnv stand beside these, and where they say how large the heap is, they are right. */ -}}
{{- define "stanzagate.environment" -}}
{{- $memory := get (get (default dict .Values.resources) "limits" | default dict) "memory" -}}
{{- $options := "" -}}
{{- if $memory -}}
{{- $options = include "stanzagate.heap" $memory -}}
{{- end -}}
{{- $more := list -}}
{{- range .Values.extraEnv -}}
{{- if ne .name "NODE_OPTIONS" -}}
{{- $more = append $more . -}}
{{- else if or (not (hasKey . "value")) (regexMatch "--max[-_](old[-_]space|heap)[-_]size" (toString .value)) -}}
{{- $options = "" -}}
{{- $more = append $more . -}}
{{- else -}}
{{- $options = trim (printf "%s %s" $options .value) -}}
{{- end -}}
{{- end -}}
{{- if $options -}}
{{- $more = prepend $more (dict "name" "NODE_OPTIONS" "value" $options) -}}
{{- end -}}
{{- if $more -}}
{{- toYaml $more -}}
{{- end -}}
{{- end -}}
