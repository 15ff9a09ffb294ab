"""rascade.exchange"""
