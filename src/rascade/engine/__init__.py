"""rascade.engine"""
