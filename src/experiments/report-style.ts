/**
 * The style sheet of the report: light and dark on screens, light on paper. All text has a contrast of at least 4.5
 * to 1. Paper shows the parameters; the long tables of numbers stay on the screen.
 *
 * @module
 */

export const REPORT_STYLE: string = `
:root{color-scheme:light dark;--page:#ffffff;--text:#1c1c1c;--soft:#555555;--rule:#d4d4d4;--head:#f3f3f1;
--good:#00613f;--good-page:#e6f4ee;--bad:#a3170c;--bad-page:#fdebe9;--link:#00558a}
@media screen and (prefers-color-scheme:dark){:root{--page:#15171a;--text:#ececec;--soft:#b0b0b0;--rule:#3b3f45;
--head:#202328;--good:#5fd6a6;--good-page:#11291f;--bad:#ff9d92;--bad-page:#341512;--link:#7cc4f2}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.55 Arial,Helvetica,"Liberation Sans",sans-serif}
main{max-width:960px;margin:0 auto;padding:24px 16px 64px}
h1{font-size:1.75em;line-height:1.25;margin:0 0 16px}
h2{font-size:1.3em;line-height:1.3;margin:0 0 12px}
h1,h2,p,figcaption,th,td,li{overflow-wrap:break-word}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
section{margin-top:56px;scroll-margin-top:16px}
.verdict{margin:0 0 16px;padding:12px 16px;border-left:6px solid var(--soft);background:var(--head)}
.verdict strong{display:block;font-size:1.25em}
.verdict.holds{border-color:var(--good);background:var(--good-page)}
.verdict.fails{border-color:var(--bad);background:var(--bad-page)}
.holds strong,td.holds{color:var(--good)}
.fails strong,td.fails{color:var(--bad)}
td.holds,td.fails{font-weight:bold;white-space:nowrap}
td.none,.count{color:var(--soft)}
nav ol{padding-left:1.4em}
figure{margin:0 0 20px}
figcaption{max-width:46em}
.scroll{overflow-x:auto}
.plot{margin:0 0 10px}
.plot svg{display:block;max-width:100%;height:auto;margin:0 auto}
table{border-collapse:collapse;margin:8px 0 16px;font-size:.93em}
caption{text-align:left;white-space:nowrap;color:var(--soft);padding:4px 0}
th,td{padding:5px 12px;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
thead th{background:var(--head);vertical-align:bottom}
tbody th{font-weight:normal;min-width:9em}
.number{text-align:right;white-space:nowrap;min-width:0;font-variant-numeric:tabular-nums}
thead .number{white-space:normal;min-width:6em}
.relation{text-align:center}
small{display:block;color:var(--soft);font-size:.87em}
@media(max-width:560px){main{padding:16px 12px 48px}table{font-size:.84em}th,td{padding:5px}caption{white-space:normal}tbody th{min-width:6.5em}
thead .number{min-width:4em}}
details{margin:8px 0;border-top:1px solid var(--rule);padding-top:8px}
summary{cursor:pointer;font-weight:bold}
@media print{
@page{margin:16mm}
body{font-size:10.5pt}
main{max-width:none;padding:0}
section{margin-top:24pt}
h1,h2{break-after:avoid}
figure,tr,.verdict{break-inside:avoid}
.scroll{overflow:visible}
.plot .size{min-width:0!important}
thead{display:table-header-group}
details.numbers{display:none}
details.parameters::details-content{content-visibility:visible;block-size:auto}
*{print-color-adjust:exact}
}
`;
