SITE.put("claims", null);
