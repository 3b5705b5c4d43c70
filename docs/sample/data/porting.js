SITE.put("porting", {"makes":"conformance translate --table --json > runs/quick/porting.json","versions":{},"followers":[],"attempts":[]});
