/// How a runbook looks, on a screen and on A4 paper.
enum RunbookStyle {
    static let text = """
        @page {
          size: A4; margin: 18mm 16mm 20mm 20mm;
          @bottom-left { font: 8pt sans-serif; color: #444; }
          @bottom-right { content: "page " counter(page) " of " counter(pages); font: 8pt sans-serif; color: #444; }
        }
        body { font: 10.5pt/1.4 "DejaVu Sans", "Liberation Sans", Arial, sans-serif; color: #000; max-width: 48em; margin: 0 auto; }
        h1 { font-size: 18pt; margin: 0 0 3mm; } h2 { font-size: 14pt; border-bottom: 1.5pt solid #000; margin-top: 8mm; }
        h3 { font-size: 11.5pt; } h1, h2, h3, h4 { page-break-after: avoid; break-after: avoid; }
        .title-block { border: 1.5pt solid #000; padding: 4mm; }
        table { border-collapse: collapse; margin: 2mm 0; } th, td { text-align: left; vertical-align: top; padding: 1mm 3mm 1mm 0; }
        section table { width: 100%; } section th, section td { border: 0.5pt solid #666; padding: 1mm 2mm; }
        code, pre { font-family: "DejaVu Sans Mono", "Liberation Mono", monospace; font-size: 8.5pt; }
        .title-block code { font-size: 7.5pt; word-break: break-all; overflow-wrap: anywhere; }
        pre { background: #f3f3f3; padding: 2mm; margin: 1mm 0 2mm; white-space: pre-wrap; overflow-wrap: anywhere; }
        .step, .decision { border: 1pt solid #000; padding: 2mm 3mm; margin: 4mm 0; page-break-inside: avoid; break-inside: avoid; }
        .decision { border: 2.5pt double #000; }
        .head { margin: 0 0 1mm; font-size: 11pt; } .verify, .sets { margin: 1mm 0; } .measured { color: #333; }
        .tick { display: inline-block; width: 3.5mm; height: 3.5mm; border: 1pt solid #000; margin-right: 1mm; vertical-align: -0.5mm; }
        .lines { margin: 3mm 0 1mm; } .wide { margin-top: 5mm; }
        .line { display: inline-block; border-bottom: 0.7pt solid #000; width: 55mm; height: 1em; }
        .line.short { width: 30mm; } .line.full { width: 110mm; }
        """
}
