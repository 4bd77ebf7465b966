"""Network printers asked by SNMP."""
